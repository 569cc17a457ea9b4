//! The catalog: one that is taken can be used, by every reader of it; of one that is not, every problem has its place.

use reseller_hooks::catalog::{Catalog, Defaults};
use reseller_hooks::webhook::field_names;

/// Any file.
pub fn catalog(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let defaults = Defaults::from_toml(text);
    let names = field_names(text);
    match Catalog::from_toml(text) {
        Ok(catalog) => {
            usable(&catalog);
            assert_eq!(
                defaults.as_ref().ok(),
                Some(&catalog.defaults),
                "read alone, the defaults are others"
            );
            assert!(names.is_ok(), "webhook cannot use it: {names:?}");
        }
        Err(errors) => {
            assert!(!errors.0.is_empty(), "it is refused without a reason");
            let lines = text.split('\n').count();
            for problem in &errors.0 {
                assert!((1..=lines).contains(&problem.line), "there is no such line: {problem}");
                assert!(!problem.message.is_empty(), "a problem says nothing");
                assert!(
                    !problem.to_string().chars().any(|c| c == '\n' || c == '\r'),
                    "a problem breaks its line: {problem:?}"
                );
            }
            if let Err(alone) = defaults {
                assert!(!alone.0.is_empty(), "it is refused without a reason");
                for problem in &alone.0 {
                    assert!(
                        errors.0.contains(problem),
                        "the whole does not have the problem of a part: {problem}"
                    );
                }
            }
        }
    }
}

fn usable(catalog: &Catalog) {
    for sku in catalog.skus() {
        let components = catalog.components(sku).unwrap_or_default();
        assert!((1..=50).contains(&components.len()), "{sku} means nothing, or too much");
        for component in components {
            for billing in [&component.product.billing]
                .into_iter()
                .chain(component.voucher.iter().map(|voucher| &voucher.billing))
                .flatten()
            {
                let text = serde_json::to_string(billing).expect("billing is JSON");
                assert!(!text.contains("null"), "Wix is told a null: {text}");
                assert!(
                    billing.cycle_duration.as_ref().is_none_or(|cycle| cycle.count > 0),
                    "a cycle of nothing: {text}"
                );
            }
        }
    }
    assert_eq!(catalog.fingerprint().len(), 16, "the fingerprint is cut");
    let names = [
        &catalog.defaults.account_fields,
        &catalog.defaults.site_fields,
        &catalog.defaults.external_id_fields,
    ];
    assert!(
        names.into_iter().flatten().all(|name| !name.trim().is_empty()),
        "the name of a property is blank"
    );
    let json = serde_json::to_string(catalog).expect("a catalog is JSON");
    let again: Catalog = serde_json::from_str(&json).expect("a catalog is read back");
    assert_eq!(again, *catalog, "a catalog changed on its way through JSON");
}
