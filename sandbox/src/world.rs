//! What happens at Wix without a call of the client: deliveries that fail, people who move or cancel things by hand, packages
//! that somebody else made, keys that are revoked.

use std::fmt;

use serde::{Deserialize, Deserializer};

use crate::call::Twist;
use crate::config::ApiKey;
use crate::guid::Guid;
use crate::model::{BillingInfo, Failure, Instance, Package, Status};
use crate::wix::Wix;

/// What becomes of an instance. What is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct InstanceChange {
    /// Its new status. `failure` is forgotten with it, unless it is given.
    pub status: Option<Status>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// `Some(None)` takes it off its site; in JSON `null`.
    #[serde(deserialize_with = "said")]
    pub site_id: Option<Option<Guid>>,
    /// When it ends by itself, in milliseconds since 1970.
    pub expires_ms: Option<i64>,
}

/// `null` is said, absence is not.
#[expect(clippy::option_option, reason = "null, absent and a value are three cases")]
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Guid>>, D::Error> {
    Option::<Guid>::deserialize(deserializer).map(Some)
}

/// A package that somebody else makes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForeignPackage {
    /// The account it belongs to.
    pub account_id: Guid,
    /// The main account above; where it is not set, the one of the first API key.
    #[serde(default)]
    pub parent_account_id: Option<Guid>,
    /// Its reference.
    #[serde(default)]
    pub external_id: Option<String>,
    /// When it was created, in milliseconds since 1970; now, where it is not set.
    #[serde(default)]
    pub created_ms: Option<i64>,
    /// What is in it.
    pub instances: Vec<ForeignInstance>,
}

/// An instance of a [`ForeignPackage`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForeignInstance {
    /// Which product.
    pub catalog_product_id: Guid,
    /// The site it is on.
    #[serde(default)]
    pub site_id: Option<Guid>,
    /// Where it is in its life; `ENABLED` where it is not set. It stays there.
    #[serde(default)]
    pub status: Option<Status>,
    /// How it is billed.
    #[serde(default)]
    pub billing_info: Option<BillingInfo>,
    /// Where vouchers can be claimed.
    #[serde(default)]
    pub country_code: Option<String>,
    /// The instance that it comes free with.
    #[serde(default)]
    pub reference_product_instance_id: Option<Guid>,
}

/// A package or instance that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSuch(pub Guid);

impl fmt::Display for NoSuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no {}", self.0)
    }
}

impl std::error::Error for NoSuch {}

impl Wix {
    /// Changes an instance at `now_ms`.
    pub fn set_instance(&mut self, now_ms: i64, instance: Guid, change: InstanceChange) -> Result<(), NoSuch> {
        self.advance(now_ms);
        self.store.instance(instance).ok_or(NoSuch(instance))?;
        let delay = self.delay(&Twist::default());
        self.store.change_instance(instance, now_ms, delay, |instance| {
            if let Some(status) = change.status {
                instance.status = status;
                instance.failure = None;
            }
            if change.failure.is_some() {
                instance.failure = change.failure;
            }
            if let Some(site) = change.site_id {
                instance.site_id = site;
            }
            instance.expires_ms = change.expires_ms.or(instance.expires_ms);
        });
        Ok(())
    }

    /// Takes a package away, as if it had never been; what its vouchers named stays used.
    pub fn delete_package(&mut self, now_ms: i64, package: Guid) -> Result<(), NoSuch> {
        self.advance(now_ms);
        self.store.package(package).ok_or(NoSuch(package))?;
        let delay = self.delay(&Twist::default());
        self.store.delete(package, now_ms, delay);
        Ok(())
    }

    /// Adds a package that somebody else made, without any check. Queries show it at once.
    pub fn insert_package(&mut self, now_ms: i64, foreign: ForeignPackage) -> Guid {
        self.advance(now_ms);
        let id = self.next_id();
        let created = foreign.created_ms.unwrap_or(now_ms);
        let main = self
            .config
            .api_keys
            .first()
            .map_or(foreign.account_id, |key| key.account);
        let parent = self.config.accounts.get(&foreign.account_id).copied();
        let instances = foreign
            .instances
            .into_iter()
            .map(|instance| Instance {
                id: self.next_id(),
                catalog_product_id: instance.catalog_product_id,
                site_id: instance.site_id,
                status: instance.status.unwrap_or(Status::Enabled),
                failure: None,
                billing: instance.billing_info,
                country_code: instance.country_code,
                discount_code: None,
                reference: instance.reference_product_instance_id,
                expires_ms: None,
                created_ms: created,
                updated_ms: created,
            })
            .collect();
        let package = Package {
            id,
            account_id: foreign.account_id,
            parent_account_id: foreign.parent_account_id.or(parent).unwrap_or(main),
            external_id: foreign.external_id,
            instances,
            created_ms: created,
            updated_ms: created,
        };
        self.store.insert(package, created, 0, None);
        id
    }

    /// Adds `count` packages like `template`, each made a millisecond after the one before; `{n}` in the external ID becomes
    /// 0, 1, 2 and so on.
    pub fn insert_packages(&mut self, now_ms: i64, count: usize, template: &ForeignPackage) -> Vec<Guid> {
        let first = template.created_ms.unwrap_or(now_ms);
        (first..)
            .zip(0..count)
            .map(|(created_ms, number)| {
                let external_id = template.external_id.as_ref();
                let foreign = ForeignPackage {
                    external_id: external_id.map(|text| text.replace("{n}", &number.to_string())),
                    created_ms: Some(created_ms),
                    ..template.clone()
                };
                self.insert_package(now_ms, foreign)
            })
            .collect()
    }

    /// Lets a key in, for the same main account as the first one.
    pub fn add_api_key(&mut self, value: &str) {
        let account = self
            .config
            .api_keys
            .first()
            .map_or(crate::config::DEFAULT_ACCOUNT, |key| key.account);
        if !self.config.api_keys.iter().any(|key| key.value == value) {
            self.config.api_keys.push(ApiKey {
                value: value.to_owned(),
                account,
            });
        }
    }

    /// Lets a key in no more; says whether it was known.
    pub fn revoke_api_key(&mut self, value: &str) -> bool {
        let before = self.config.api_keys.len();
        self.config.api_keys.retain(|key| key.value != value);
        self.config.api_keys.len() < before
    }
}
