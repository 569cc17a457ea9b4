//! The questions that `probe` asks, each with the calls that answer it.

use std::time::Duration;

use reseller_hooks::ids::{AccountId, CatalogProductId, ExternalId, IdempotencyKey, SiteId};
use reseller_hooks::time::{Clock as _, SystemClock};
use reseller_hooks::wix::{
    AdjustProductInstance, Adjustment, AssignProductInstance, Call, CancelPackage, Client, CreatePackage, Error,
    GetPackage, Package, PackageQuery, ProductInput, QueryPackages,
};

use super::Finding;
use crate::exit::Failure;

/// How often a package that was just bought is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

pub(super) struct Prober {
    client: Client,
    account: AccountId,
    product: ProductInput,
    /// Tells this run's keys and IDs from those of all others.
    run: i64,
    asked: u32,
    bought: Vec<Package>,
}

impl Prober {
    pub(super) fn new(client: Client, account: AccountId, product: ProductInput) -> Self {
        Self {
            client,
            account,
            product,
            run: SystemClock.now().as_millis(),
            asked: 0,
            bought: Vec::new(),
        }
    }

    fn name(&mut self) -> String {
        self.asked += 1;
        format!("reseller-probe-{}-{}", self.run, self.asked)
    }

    fn key(&mut self) -> Result<IdempotencyKey, Failure> {
        self.name().parse().map_err(Failure::new)
    }

    fn request(&mut self) -> Result<CreatePackage, Failure> {
        let name = self.name();
        let external_id: ExternalId = name.parse().map_err(Failure::new)?;
        Ok(CreatePackage {
            idempotency_key: name.parse().map_err(Failure::new)?,
            external_id: Some(external_id),
            products: vec![self.product.clone()],
        })
    }

    async fn send<K: Call>(&self, call: &K) -> Result<K::Answer, Error> {
        self.client
            .execute(&self.account, call)
            .await
            .map(|answer| answer.value)
    }

    /// Buys, and keeps what was bought for the end.
    async fn create(&mut self, request: &CreatePackage) -> Result<Package, Error> {
        let package = self.send(request).await?;
        if self.bought.iter().all(|known| known.id != package.id) {
            self.bought.push(package.clone());
        }
        Ok(package)
    }

    /// How long a query does not show a package that was just bought; nothing where it never did.
    pub(super) async fn lag(&mut self, most: Duration) -> Result<(Package, Option<Duration>), Failure> {
        let request = self.request()?;
        let package = self.create(&request).await.map_err(|error| {
            Failure::new(format_args!(
                "nothing can be found out, because nothing can be bought: {error}"
            ))
            .hint("look at --product, --billing and --country: they must be what the contract has")
        })?;
        let from = SystemClock.now();
        let Some(id) = &request.external_id else {
            return Ok((package, None));
        };
        loop {
            let call = QueryPackages::from(PackageQuery::with_external_id(id));
            let page = self.send(&call).await.map_err(Failure::new)?;
            let passed = SystemClock.now().since(from);
            if page.packages.iter().any(|shown| shown.id == package.id) {
                return Ok((package, Some(passed)));
            }
            if passed >= most {
                return Ok((package, None));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    pub(super) async fn same_key_twice(&mut self) -> Result<Finding, Failure> {
        let request = self.request()?;
        let first = self.create(&request).await.map_err(Failure::new)?;
        let (answer, word) = match self.create(&request).await {
            Ok(second) if second.id == first.id => (
                "honoured: the second answer is the first package".to_owned(),
                "honoured",
            ),
            Ok(_) => ("not honoured: a second package was bought".to_owned(), "bought_twice"),
            Err(error) => (format!("honoured: the second was refused ({})", of(&error)), "refused"),
        };
        Ok(Finding {
            question: "the same request with the same idempotency key",
            answer,
            word,
        })
    }

    pub(super) async fn same_key_other_body(&mut self) -> Result<Finding, Failure> {
        let Some(first) = self.bought.first().cloned() else {
            return Err(Failure::new("nothing was bought"));
        };
        let mut request = self.request()?;
        // The key of the first package, and another external ID.
        let key = format!("reseller-probe-{}-1", self.run);
        request.idempotency_key = key.parse().map_err(Failure::new)?;
        let (answer, word) = match self.create(&request).await {
            Ok(second) if second.id == first.id => ("answered with the first package".to_owned(), "replayed"),
            Ok(_) => ("bought: the key is not looked at".to_owned(), "bought_twice"),
            Err(error) => (format!("refused ({})", of(&error)), "refused"),
        };
        Ok(Finding {
            question: "another request with a key that was used",
            answer,
            word,
        })
    }

    pub(super) async fn refusal(&mut self) -> Result<Finding, Failure> {
        let mut request = self.request()?;
        let nothing: CatalogProductId = "00000000-0000-4000-8000-000000000000".parse().map_err(Failure::new)?;
        for product in &mut request.products {
            product.catalog_product_id = nothing.clone();
        }
        let (answer, word) = match self.create(&request).await {
            Ok(_) => ("it was bought".to_owned(), "bought"),
            Err(error) => (of(&error), "refused"),
        };
        Ok(Finding {
            question: "a product that does not exist is refused with",
            answer,
            word,
        })
    }

    pub(super) async fn moves(&mut self, package: &Package, site: SiteId, other: SiteId) -> Finding {
        let question = "assigning what is assigned elsewhere";
        let answer = match self.moved(package, site, other).await {
            Ok(answer) => answer,
            Err(error) => (format!("could not be tried: {error}"), "not_tried"),
        };
        Finding {
            question,
            answer: answer.0,
            word: answer.1,
        }
    }

    async fn moved(
        &mut self,
        package: &Package,
        site: SiteId,
        other: SiteId,
    ) -> Result<(String, &'static str), String> {
        let instance = package.product_instances.first().ok_or("the package has no instance")?;
        let instance = instance.instance_id.clone();
        let assign = |key, site| AssignProductInstance {
            instance: instance.clone(),
            site,
            idempotency_key: key,
        };
        let first = assign(self.key().map_err(|failure| failure.what)?, site.clone());
        self.send(&first).await.map_err(|error| error.to_string())?;
        let second = assign(self.key().map_err(|failure| failure.what)?, other.clone());
        let refused = self.send(&second).await.err();
        let call = GetPackage {
            package: package.id.clone(),
        };
        let now = self.send(&call).await.map_err(|error| error.to_string())?;
        let place = now.instance(&instance).and_then(|instance| instance.site_id.clone());
        Ok(match (place, refused) {
            (Some(place), None) if place == other => ("moves it".to_owned(), "moved"),
            (place, refused) => {
                let place = match place {
                    Some(place) if place == site => "it stays where it was".to_owned(),
                    Some(place) => format!("it is on {}", place.as_str()),
                    None => "it floats".to_owned(),
                };
                let why = refused.map(|error| format!(", refused ({})", of(&error)));
                (format!("{place}{}", why.unwrap_or_default()), "not_moved")
            }
        })
    }

    pub(super) async fn adjusts_twice(&mut self, package: &Package, other: CatalogProductId) -> Finding {
        let question = "adjusting to what it is already";
        let mut answers = Vec::new();
        for _ in 0..2 {
            let Some(instance) = package.product_instances.first() else {
                continue;
            };
            let adjustment = Adjustment::to_product(other.clone());
            let adjustment = match &self.product.billing_info {
                Some(billing) => adjustment.with_billing(billing.clone()),
                None => adjustment,
            };
            let Ok(idempotency_key) = self.key() else { continue };
            let call = AdjustProductInstance {
                instance: instance.instance_id.clone(),
                adjustment,
                idempotency_key,
            };
            answers.push(
                self.send(&call)
                    .await
                    .map_or_else(|error| of(&error), |_| "taken".to_owned()),
            );
        }
        Finding {
            question,
            word: if answers.iter().all(|answer| answer == "taken") {
                "taken"
            } else {
                "refused"
            },
            answer: format!("the first time {}", answers.join(", the second time ")),
        }
    }

    pub(super) async fn cancels_twice(&mut self, package: &Package) -> Finding {
        let mut answers = Vec::new();
        for _ in 0..2 {
            answers.push(
                self.cancel(package)
                    .await
                    .map_or_else(|error| of(&error), |()| "taken".to_owned()),
            );
        }
        Finding {
            question: "canceling a package that is canceled",
            word: if answers.iter().all(|answer| answer == "taken") {
                "taken"
            } else {
                "refused"
            },
            answer: format!("the first time {}", answers.join(", the second time ")),
        }
    }

    async fn cancel(&mut self, package: &Package) -> Result<(), Error> {
        let key = format!("{}-{}", self.name(), package.id.as_str());
        let Ok(idempotency_key) = key.parse() else {
            return Ok(());
        };
        let call = CancelPackage {
            package: package.id.clone(),
            idempotency_key,
        };
        self.send(&call).await.map(drop)
    }

    /// Cancels all that was bought, and reads each again: the IDs of those of which something lives.
    pub(super) async fn cancel_all(&mut self) -> Vec<String> {
        let mut left = Vec::new();
        for package in self.bought.clone() {
            let canceled = self.cancel(&package).await;
            let call = GetPackage {
                package: package.id.clone(),
            };
            let is_over = match self.send(&call).await {
                Ok(now) => now
                    .product_instances
                    .iter()
                    .all(|instance| instance.status.as_str() == "CANCELED"),
                Err(error) => error.is_not_found() || canceled.is_ok(),
            };
            if !is_over {
                left.push(package.id.as_str().to_owned());
            }
        }
        left
    }
}

/// An error by its status and code, for comparing with what is documented.
fn of(error: &Error) -> String {
    match (error.status(), error.code()) {
        (Some(status), Some(code)) => format!("HTTP {status} {code}"),
        (Some(status), None) => format!("HTTP {status}"),
        (None, _) => error.to_string(),
    }
}
