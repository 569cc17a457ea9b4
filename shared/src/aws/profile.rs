//! The SDK's default chain of credentials, made when the first are asked for, because making it is asynchronous.

use aws_config::Region;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::meta::region::ProvideRegion as _;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::OnceCell;

#[derive(Debug)]
pub(super) struct Chain {
    http_client: SharedHttpClient,
    region: Option<String>,
    profile: Option<String>,
    chain: OnceCell<DefaultCredentialsChain>,
}

impl Chain {
    pub(super) fn new(http_client: SharedHttpClient, region: Option<String>, profile: Option<String>) -> Self {
        Self {
            http_client,
            region,
            profile,
            chain: OnceCell::new(),
        }
    }

    async fn chain(&self) -> &DefaultCredentialsChain {
        self.chain
            .get_or_init(|| async {
                let region = self.region.clone().map(Region::new);
                let config = ProviderConfig::default()
                    .with_http_client(self.http_client.clone())
                    .with_region(region.clone());
                let mut builder = DefaultCredentialsChain::builder().configure(config);
                builder.set_region(region);
                if let Some(profile) = &self.profile {
                    builder = builder.profile_name(profile);
                }
                builder.build().await
            })
            .await
    }
}

/// The region of a profile, or of the default one.
pub(super) async fn region(profile: Option<&str>) -> Option<String> {
    let mut builder = ProfileFileRegionProvider::builder();
    if let Some(profile) = profile {
        builder = builder.profile_name(profile);
    }
    builder.build().region().await.map(|region| region.to_string())
}

impl ProvideCredentials for Chain {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async { self.chain().await.provide_credentials().await })
    }
}
