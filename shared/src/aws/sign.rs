//! Signs the few calls to AWS for which an SDK of their own is not worth its build (docs/decisions/0010).

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign as signature};
use aws_sigv4::sign::v4;

use crate::time::Timestamp;

/// Signs a request for a service of a region as of `now`. Every header that it has is signed. The reason, where it cannot be.
pub fn sign<B: AsRef<[u8]>>(
    request: &mut http::Request<B>,
    credentials: Credentials,
    (region, service): (&str, &str),
    now: Timestamp,
) -> Result<(), String> {
    let identity = credentials.into();
    let millis = u64::try_from(now.as_millis()).unwrap_or_default();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(UNIX_EPOCH + Duration::from_millis(millis))
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| error.to_string())?
        .into();
    let url = request.uri().to_string();
    let headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect();
    let signable = SignableRequest::new(
        request.method().as_str(),
        url,
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())),
        SignableBody::Bytes(request.body().as_ref()),
    );
    let signed = signature(signable.map_err(|error| error.to_string())?, &parameters);
    let (instructions, _) = signed.map_err(|error| error.to_string())?.into_parts();
    instructions.apply_to_request_http1x(request);
    Ok(())
}
