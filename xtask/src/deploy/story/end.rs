//! What is gone and what stays after `sam delete`.

use super::Story;
use crate::failure::Failure;

impl Story {
    pub(super) async fn what_is_kept(&mut self) -> Result<(), Failure> {
        let secrets = "aws secretsmanager list-secrets --query 'SecretList[].Name' --output text";
        let kept = self.sh("secrets", secrets).await?;
        self.expect(
            "both secrets kept",
            kept.contains("WixSecret") && kept.contains("StorefrontSecret"),
        )?;
        let tables = "aws dynamodb list-tables --query TableNames --output text";
        let tables = self.sh("tables", tables).await?;
        self.expect("the ledger kept", tables.contains("reseller-hooks-Ledger"))?;
        let functions = "aws lambda list-functions --query 'Functions[].FunctionName' --output text";
        let gone = self.sh("functions", functions).await?;
        self.expect("no function kept", gone.trim().is_empty() || gone.trim() == "None")
    }
}
