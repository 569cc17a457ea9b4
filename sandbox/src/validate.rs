//! Reads request bodies and names every field that is not as the documentation wants it. Both spellings of a name are taken,
//! `externalId` and `external_id`: a documented example sends the second.

use serde_json::{Map, Value};

use crate::guid::Guid;
use crate::model::{BillingInfo, BillingType, CycleDuration, CycleUnit};
use crate::refusal::{Refusal, Violation};

type Object = Map<String, Value>;

/// The most products in one package (documented).
const MAX_PRODUCTS: usize = 1_000;
/// The longest external ID and idempotency key, in characters (documented).
const MAX_TEXT: usize = 100;
/// The longest discount code (documented).
const MAX_DISCOUNT: usize = 25;

/// A create as its body asks for it.
pub(crate) struct CreateBody {
    pub(crate) external_id: Option<String>,
    pub(crate) products: Vec<ProductBody>,
}

pub(crate) struct ProductBody {
    pub(crate) catalog_product_id: Guid,
    pub(crate) site_id: Option<Guid>,
    pub(crate) billing: Option<BillingInfo>,
    pub(crate) country_code: String,
    pub(crate) discount_code: Option<String>,
    pub(crate) reference: Option<Guid>,
}

/// An adjustment as its body asks for it.
pub(crate) struct AdjustBody {
    pub(crate) catalog_product_id: Option<Guid>,
    pub(crate) billing: Option<BillingInfo>,
    pub(crate) discount_code: Option<String>,
}

/// The body as JSON. An empty one is an empty object.
pub(crate) fn object(body: &[u8]) -> Result<Object, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Object::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Refusal::plain(400, "the body must be a JSON object")),
        Err(error) => Err(Refusal::plain(400, format!("the body is not JSON: {error}"))),
    }
}

/// The idempotency key of a body.
pub(crate) fn idempotency_key(body: &Object) -> Result<Option<String>, Refusal> {
    let mut check = Check::default();
    let key = check.text(body, ("idempotencyKey", "idempotency_key"), "", MAX_TEXT);
    check.done(key)
}

pub(crate) fn create(body: &Object) -> Result<CreateBody, Refusal> {
    let mut check = Check::default();
    let external_id = check.text(body, ("externalId", "external_id"), "", MAX_TEXT);
    let mut products = Vec::new();
    match body.get("products") {
        None | Some(Value::Null) => check.violation("products", "REQUIRED_FIELD", "is required"),
        Some(Value::Array(items)) if items.is_empty() => {
            check.violation("products", "MIN_SIZE", "must have at least 1 item");
        }
        Some(Value::Array(items)) if items.len() > MAX_PRODUCTS => {
            check.violation("products", "MAX_SIZE", "must have at most 1000 items");
        }
        Some(Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                let path = format!("products[{index}]");
                match item.as_object() {
                    Some(item) => products.extend(check.product(item, &path)),
                    None => check.violation(path, "FORMAT", "must be an object"),
                }
            }
        }
        Some(_) => check.violation("products", "FORMAT", "must be an array"),
    }
    check.done(CreateBody {
        external_id: external_id.filter(|text| !text.is_empty()),
        products,
    })
}

pub(crate) fn adjust(body: &Object) -> Result<AdjustBody, Refusal> {
    let mut check = Check::default();
    let catalog_product_id = check.guid(body, ("catalogProductId", "catalog_product_id"), "");
    let billing = check.billing(body, "");
    if let Some(BillingInfo {
        kind: BillingType::Recurring,
        cycle_duration: None,
    }) = billing
    {
        check.violation(
            "billingInfo.cycleDuration.unit",
            "REQUIRED_FIELD",
            "is required where type is RECURRING",
        );
    }
    let discount_code = check.text(body, ("discountCode", "discount_code"), "", MAX_DISCOUNT);
    check.done(AdjustBody {
        catalog_product_id,
        billing,
        discount_code,
    })
}

/// An external ID as the path has it.
pub(crate) fn external_id(text: &str) -> Result<(), Refusal> {
    if text.chars().count() > MAX_TEXT {
        return Err(Refusal::field(
            "externalId",
            "MAX_LENGTH",
            "must have at most 100 characters",
        ));
    }
    Ok(())
}

#[derive(Default)]
struct Check {
    violations: Vec<Violation>,
}

impl Check {
    fn violation(&mut self, field: impl Into<String>, rule: &'static str, description: impl Into<String>) {
        self.violations.push(Violation {
            field: field.into(),
            description: description.into(),
            rule,
        });
    }

    fn done<T>(self, value: T) -> Result<T, Refusal> {
        if self.violations.is_empty() {
            Ok(value)
        } else {
            Err(Refusal::validation(&self.violations))
        }
    }

    fn text(&mut self, object: &Object, names: (&str, &str), path: &str, max: usize) -> Option<String> {
        match get(object, names)?.as_str() {
            Some(text) if text.chars().count() > max => {
                let description = format!("must have at most {max} characters");
                self.violation(join(path, names.0), "MAX_LENGTH", description);
                None
            }
            Some(text) => Some(text.to_owned()),
            None => {
                self.violation(join(path, names.0), "FORMAT", "must be a string");
                None
            }
        }
    }

    fn guid(&mut self, object: &Object, names: (&str, &str), path: &str) -> Option<Guid> {
        let guid = get(object, names)?.as_str().and_then(Guid::parse);
        if guid.is_none() {
            self.violation(join(path, names.0), "FORMAT", "must be a valid GUID");
        }
        guid
    }

    fn product(&mut self, item: &Object, path: &str) -> Option<ProductBody> {
        let product_names = ("catalogProductId", "catalog_product_id");
        if get(item, product_names).is_none() {
            self.violation(join(path, product_names.0), "REQUIRED_FIELD", "is required");
        }
        let catalog_product_id = self.guid(item, product_names, path);
        let site_id = self.guid(item, ("siteId", "site_id"), path);
        let billing = self.billing(item, path);
        let country_code = self.country(item, path);
        let discount_code = self.text(item, ("discountCode", "discount_code"), path, MAX_DISCOUNT);
        let reference = self.guid(
            item,
            ("referenceProductInstanceId", "reference_product_instance_id"),
            path,
        );
        Some(ProductBody {
            catalog_product_id: catalog_product_id?,
            site_id,
            billing,
            country_code: country_code?,
            discount_code,
            reference,
        })
    }

    fn country(&mut self, item: &Object, path: &str) -> Option<String> {
        let field = || join(path, "countryCode");
        match get(item, ("countryCode", "country_code")) {
            None => {
                self.violation(field(), "REQUIRED_FIELD", "is required");
                None
            }
            Some(Value::String(text)) if is_country(text) => Some(text.clone()),
            Some(_) => {
                self.violation(field(), "FORMAT", "must be a country as ISO 3166-1 alpha-2 writes it");
                None
            }
        }
    }

    fn billing(&mut self, object: &Object, path: &str) -> Option<BillingInfo> {
        let path = join(path, "billingInfo");
        let Value::Object(billing) = get(object, ("billingInfo", "billing_info"))? else {
            self.violation(path, "FORMAT", "must be an object");
            return None;
        };
        let kind = match billing.get("type") {
            None | Some(Value::Null) => Some(BillingType::Unknown),
            Some(value) => {
                let kind = value.as_str().and_then(BillingType::from_wire);
                if kind.is_none() {
                    let field = join(&path, "type");
                    self.violation(
                        field,
                        "INVALID_ENUM_VALUE",
                        "must be one of UNKNOWN, ONE_TIME, RECURRING",
                    );
                }
                kind
            }
        };
        let cycle_duration = match get(billing, ("cycleDuration", "cycle_duration")) {
            None => None,
            Some(Value::Object(cycle)) => self.cycle(cycle, &join(&path, "cycleDuration")),
            Some(_) => {
                self.violation(join(&path, "cycleDuration"), "FORMAT", "must be an object");
                None
            }
        };
        Some(BillingInfo {
            kind: kind?,
            cycle_duration,
        })
    }

    fn cycle(&mut self, cycle: &Object, path: &str) -> Option<CycleDuration> {
        let unit = match cycle.get("unit") {
            None | Some(Value::Null) => Some(CycleUnit::Unknown),
            Some(value) => value.as_str().and_then(CycleUnit::from_wire),
        };
        if unit.is_none() {
            let field = join(path, "unit");
            self.violation(
                field,
                "INVALID_ENUM_VALUE",
                "must be one of UNKNOWN, DAY, WEEK, MONTH, YEAR",
            );
        }
        let count = match cycle.get("count") {
            // A cycle without a count: not said by any document; read as one.
            None | Some(Value::Null) => Some(1),
            Some(value) => value
                .as_u64()
                .filter(|count| (1..=i32::MAX as u64).contains(count))
                .and_then(|count| u32::try_from(count).ok()),
        };
        if count.is_none() {
            self.violation(join(path, "count"), "MIN", "must be a whole number above 0");
        }
        Some(CycleDuration {
            unit: unit?,
            count: count?,
        })
    }
}

/// A member by either of its names; `null` is as good as absent.
fn get<'a>(object: &'a Object, (camel, snake): (&str, &str)) -> Option<&'a Value> {
    object
        .get(camel)
        .or_else(|| object.get(snake))
        .filter(|value| !value.is_null())
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && COUNTRIES.split_ascii_whitespace().any(|country| country == text)
}

/// ISO 3166-1 alpha-2.
const COUNTRIES: &str = "\
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG \
CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL \
GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA \
LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP \
NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV \
SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";
