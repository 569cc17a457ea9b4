//! How the errors of all of the SDK's clients are read: is the set-up wrong, and what is the remedy, or can a retry help.

use std::error::Error;
use std::fmt::Write as _;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// What a failed call means for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SdkFailure {
    /// The set-up is wrong; the remedy is said.
    Misconfigured(String),
    /// A retry can help. Whether the call was carried out is not known.
    Unavailable(String),
}

impl SdkFailure {
    /// Reads an error. `thing` is what was asked for ("the table orders"), `variable` where it is configured.
    pub(crate) fn read<E, R>(error: &SdkError<E, R>, thing: &str, variable: &str) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: std::fmt::Debug + 'static,
    {
        match error {
            SdkError::ServiceError(service) => Self::of_service(service.err(), thing, variable),
            SdkError::TimeoutError(_) => Self::Unavailable(format!("{thing} did not answer in time")),
            SdkError::ConstructionFailure(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) | _ => {
                let causes = chain(error);
                if is_about_credentials(error) {
                    Self::Misconfigured(format!(
                        "there are no AWS credentials for {thing}: on Lambda the function's role gives them; elsewhere set \
                         AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (`aws configure export-credentials --format env` \
                         prints those of a profile): {causes}"
                    ))
                } else if matches!(error, SdkError::ConstructionFailure(_)) {
                    Self::Misconfigured(format!("{thing} cannot be asked: {causes}"))
                } else {
                    Self::Unavailable(causes)
                }
            }
        }
    }

    fn of_service(error: &impl ProvideErrorMetadata, thing: &str, variable: &str) -> Self {
        let code = error.code().unwrap_or("no code");
        let said = format!("{code}: {}", error.message().unwrap_or("no message"));
        let remedy = match code.rsplit(['.', '#']).next().unwrap_or(code) {
            "ResourceNotFoundException" | "NonExistentQueue" | "QueueDoesNotExist" | "InvalidAddress" => {
                format!("make {thing}, or correct {variable} or AWS_REGION")
            }
            "AccessDeniedException" | "AccessDenied" | "KmsAccessDenied" | "NotAuthorized" => {
                format!("allow this function's role to use {thing} (and its KMS key, where it has one)")
            }
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException"
            | "OptInRequired" => "correct the AWS credentials, AWS_REGION, or this machine's clock".to_owned(),
            "ValidationException" | "InvalidParameterException" | "InvalidRequestException" => {
                format!("compare {thing} with the one in template.yaml: it seems to be of another shape")
            }
            "DecryptionFailure" | "KmsDisabled" | "KmsInvalidState" | "KmsNotFound" => {
                format!("repair the KMS key of {thing}")
            }
            _ => return Self::Unavailable(said),
        };
        Self::Misconfigured(format!("{thing}: {said}: {remedy}"))
    }
}

fn is_about_credentials(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<CredentialsError>() {
            return true;
        }
        next = error.source();
    }
    false
}

/// An error and its causes in one line. Only what they display: their Debug form would hold whole requests.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        // Writing to a string cannot fail.
        let _ = write!(said, ": {cause}");
        next = cause.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::error::ErrorMetadata;

    fn read(code: &str) -> SdkFailure {
        let error = ErrorMetadata::builder().code(code).message("said").build();
        SdkFailure::of_service(&error, "the table orders", "LEDGER_URL")
    }

    #[test]
    fn what_a_person_must_mend_comes_with_the_remedy() {
        for (code, remedy) in [
            (
                "ResourceNotFoundException",
                "make the table orders, or correct LEDGER_URL or AWS_REGION",
            ),
            (
                "AWS.SimpleQueueService.NonExistentQueue",
                "make the table orders, or correct LEDGER_URL or AWS_REGION",
            ),
            (
                "AccessDeniedException",
                "allow this function's role to use the table orders (and its KMS key, where it has one)",
            ),
            (
                "UnrecognizedClientException",
                "correct the AWS credentials, AWS_REGION, or this machine's clock",
            ),
            (
                "ValidationException",
                "compare the table orders with the one in template.yaml: it seems to be of another shape",
            ),
            ("DecryptionFailure", "repair the KMS key of the table orders"),
        ] {
            let said = format!("the table orders: {code}: said: {remedy}");
            assert_eq!(read(code), SdkFailure::Misconfigured(said));
        }
    }

    #[test]
    fn what_passes_is_worth_a_retry() {
        for code in [
            "ProvisionedThroughputExceededException",
            "ThrottlingException",
            "RequestLimitExceeded",
            "InternalServerError",
            "TransactionConflictException",
            "ExpiredTokenException",
            "KmsThrottled",
            "SomethingNew",
        ] {
            assert_eq!(read(code), SdkFailure::Unavailable(format!("{code}: said")));
        }
    }
}
