use super::*;

#[test]
fn placeholder_reads() {
    let c = Catalog::from_toml(include_str!("../../../catalog.toml")).unwrap();
    println!("{:?}", c.skus().collect::<Vec<_>>());
}

#[test]
fn placeholder_wrong() {
    let text = r#"
[defaults]
not_befor = "2026-01-01T00:00:00Z"
on_cancel = "unasign"
country = "USA"
allowed_accounts = ["me", 7]

[[product]]
sku = "A"
catalogProductId = "x"
billing = { type = "RECURRING", unit = "YEARS", count = "1" }

[[product]]
sku = ["A", ""]
catalog_product_id = "x"

[product.voucher]
countries = []

[[product]]
sku = "B"
billing = { type = "ONE_TIME", unit = "YEAR" }
[[product.component]]
needs_site = "yes"
"#;
    println!("{}", Catalog::from_toml(text).unwrap_err());
    println!("{}", Catalog::from_toml("a = \n[defaults\nb=1").unwrap_err());
    println!("{}", Catalog::from_toml("").unwrap_err());
    println!(
        "{}",
        Catalog::from_toml("[defaults]\nnot_before = 2026-01-01\n[product]\nsku='a'").unwrap_err()
    );
}
