//! The part of the catalog that `webhook` needs: under which names orders carry account, site and reference, and how a
//! shop's own words are to be taken.

use serde::Deserialize;

use crate::storefront::{FieldNames, Suborders};

#[derive(Deserialize)]
struct Catalog {
    #[serde(default)]
    defaults: Defaults,
}

#[derive(Deserialize, Default)]
struct Defaults {
    account_fields: Option<Vec<String>>,
    site_fields: Option<Vec<String>>,
    external_id_fields: Option<Vec<String>>,
    #[serde(default)]
    paid_statuses: Vec<String>,
    #[serde(default)]
    suborders: Parts,
}

/// Which orders of a marketplace count.
#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum Parts {
    #[default]
    Ignore,
    Only,
}

/// A status as the body says it: in lower case, and without the prefix that the database has.
fn status(written: &str) -> String {
    let status = written.trim().to_lowercase();
    status.strip_prefix("wc-").unwrap_or(&status).to_owned()
}

/// Reads `[defaults]` of a catalog and nothing else, so that an error in a product does not stop deliveries. What is
/// not named there has its documented default. An error is one sentence.
pub fn field_names(catalog: &str) -> Result<FieldNames, String> {
    let catalog: Catalog = toml::from_str(catalog).map_err(|error| error.message().to_owned())?;
    let defaults = FieldNames::default();
    let Defaults {
        account_fields,
        site_fields,
        external_id_fields,
        paid_statuses,
        suborders,
    } = catalog.defaults;
    Ok(FieldNames {
        account: account_fields.unwrap_or(defaults.account),
        site: site_fields.unwrap_or(defaults.site),
        external_id: external_id_fields.unwrap_or(defaults.external_id),
        paid_statuses: paid_statuses.iter().map(|written| status(written)).collect(),
        suborders: match suborders {
            Parts::Ignore => Suborders::Ignore,
            Parts::Only => Suborders::Only,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_catalog_and_else_the_documented_ones() {
        let names = field_names("[defaults]\nsite_fields = [\"Website\", \"site\"]\nnot_before = 7\n").unwrap();
        assert_eq!(names.site, ["Website", "site"]);
        assert_eq!(names.account, ["wix_account_id"]);
        assert_eq!(names.external_id, ["wix_external_id"]);
        assert_eq!(field_names("").unwrap(), FieldNames::default());
    }

    #[test]
    fn a_shops_own_words_are_read_as_the_catalog_says() {
        let names =
            field_names("[defaults]\npaid_statuses = [\"wc-Packed\", \" shipped \"]\nsuborders = \"only\"\n").unwrap();
        assert_eq!(names.paid_statuses, ["packed", "shipped"]);
        assert_eq!(names.suborders, Suborders::Only);
        assert!(
            field_names("[defaults]\nsuborders = \"both\"\n")
                .unwrap_err()
                .contains("both")
        );
    }

    #[test]
    fn a_wrong_product_is_none_of_its_business_but_broken_toml_is() {
        assert!(field_names("[[product]]\nsku = 7\n").is_ok());
        assert!(field_names("[defaults").is_err());
        assert!(field_names("[defaults]\nsite_fields = 7\n").is_err());
    }
}
