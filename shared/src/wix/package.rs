//! Packages as Wix shows them. Reading is lenient where Wix's documents disagree with each other.

use serde::{Deserialize, Deserializer, Serialize};

use super::types::{BillingInfo, Status};
use crate::ids::{AccountId, CatalogProductId, InstanceId, PackageId, SiteId};
use crate::time::Timestamp;

/// Why an instance is `FAILED`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceFailure {
    /// `UNKNOWN`, `DELIVERY_TIMEOUT`, `EXTERNAL_FAILURE`, or what else Wix sends.
    #[serde(default)]
    pub code: String,
    /// Wix's words.
    #[serde(default)]
    pub message: String,
}

/// A package as Wix shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// Wix's ID.
    pub id: PackageId,
    /// The account it belongs to; `None` where Wix sent none that is a GUID.
    #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// The account above it, where Wix says one; equals `account_id` when there is none above.
    #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub parent_account_id: Option<AccountId>,
    /// The reseller's reference as Wix has it, whatever anybody put there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What was bought.
    #[serde(default, deserialize_with = "null_as_default")]
    pub product_instances: Vec<ProductInstance>,
    /// When it was created.
    #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub created_date: Option<Timestamp>,
    /// When it last changed.
    #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub updated_date: Option<Timestamp>,
}

impl Package {
    /// The instance of that ID.
    pub fn instance(&self, id: &InstanceId) -> Option<&ProductInstance> {
        self.product_instances
            .iter()
            .find(|instance| instance.instance_id == *id)
    }
}

/// One product instance of a package as Wix shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductInstance {
    /// Wix's ID.
    pub instance_id: InstanceId,
    /// Which product.
    pub catalog_product_id: CatalogProductId,
    /// The site it is assigned to; `None` while it floats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_id: Option<SiteId>,
    /// Where it is in its life.
    pub status: Status,
    /// Why it is `FAILED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<InstanceFailure>,
    /// How it is billed: read from `billingInfo`, else `contractDetails.billingInfo`, else `paymentInfo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_info: Option<BillingInfo>,
    /// Where vouchers can be claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
    /// The discount it was bought with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount_code: Option<String>,
    /// The paid instance that it comes free with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_product_instance_id: Option<InstanceId>,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_date: Option<Timestamp>,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date: Option<Timestamp>,
    /// When it last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_date: Option<Timestamp>,
}

impl<'de> Deserialize<'de> for ProductInstance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            instance_id: InstanceId,
            catalog_product_id: CatalogProductId,
            #[serde(default, deserialize_with = "lenient")]
            site_id: Option<SiteId>,
            #[serde(default, deserialize_with = "lenient")]
            status: Option<Status>,
            #[serde(default, deserialize_with = "lenient")]
            failure: Option<InstanceFailure>,
            #[serde(default, deserialize_with = "lenient")]
            billing_info: Option<BillingInfo>,
            #[serde(default, deserialize_with = "lenient")]
            contract_details: Option<ContractDetails>,
            #[serde(default, deserialize_with = "lenient")]
            payment_info: Option<BillingInfo>,
            #[serde(default)]
            country_code: Option<String>,
            #[serde(default)]
            discount_code: Option<String>,
            #[serde(default, deserialize_with = "lenient")]
            reference_product_instance_id: Option<InstanceId>,
            #[serde(default, deserialize_with = "lenient")]
            expiration_date: Option<Timestamp>,
            #[serde(default, deserialize_with = "lenient")]
            created_date: Option<Timestamp>,
            #[serde(default, deserialize_with = "lenient")]
            updated_date: Option<Timestamp>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct ContractDetails {
            #[serde(default, deserialize_with = "lenient")]
            billing_info: Option<BillingInfo>,
        }

        let wire = Wire::deserialize(deserializer)?;
        let contract_billing = wire.contract_details.and_then(|details| details.billing_info);
        Ok(Self {
            instance_id: wire.instance_id,
            catalog_product_id: wire.catalog_product_id,
            site_id: wire.site_id,
            status: wire.status.unwrap_or_default(),
            failure: wire.failure,
            billing_info: wire.billing_info.or(contract_billing).or(wire.payment_info),
            country_code: wire.country_code,
            discount_code: wire.discount_code,
            reference_product_instance_id: wire.reference_product_instance_id,
            expiration_date: wire.expiration_date,
            created_date: wire.created_date,
            updated_date: wire.updated_date,
        })
    }
}

/// Reads a list that may be written as `null` when it is empty.
fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a value of the outside that is welcome but not needed: what cannot be understood is as good as absent.
fn lenient<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    let value = Option::<serde_json::Value>::deserialize(deserializer)?;
    Ok(value.and_then(|value| serde_json::from_value(value).ok()))
}
