//! A shop to try the command line on: its deliveries go through `webhook` and the workers into a ledger of its own, and a
//! sandbox stands where Wix would be.

use std::ffi::OsString;
use std::io::Cursor;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use reseller::{Exit, Session, Terminal};
use reseller_hooks::config::{Env, WorkerConfig};
use reseller_hooks::queue::sqlite::SqliteQueue;
use reseller_hooks::time::{Clock as _, SystemClock};
use reseller_hooks::worker::{batch, run};
use serde_json::Value;
use wix_sandbox::{Config, InstanceChange, SharedWix, Status, Wix};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What a command line came to.
pub(crate) struct Ran {
    pub(crate) exit: Exit,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }

    /// Fails the test unless it was done.
    #[track_caller]
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.exit, Exit::Done, "{}{}", self.out, self.err);
        self
    }
}

pub(crate) struct Shop {
    folder: PathBuf,
    pub(crate) wix: SharedWix,
    runtime: tokio::runtime::Runtime,
}

impl Drop for Shop {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

pub(crate) fn sample(path: &str) -> PathBuf {
    Path::new(ROOT).join("events").join(path)
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self::at(Config {
            rate_limit_per_minute: None,
            ..Config::default()
        })
    }

    /// At a Wix of another kind.
    pub(crate) fn at(config: Config) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("reseller-{}-{number}", std::process::id()));
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let wix = wix_sandbox::share(Wix::new(config));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(wix_sandbox::serve(listener, wix.clone()));
        let shop = Self { folder, wix, runtime };
        let catalog = std::fs::read_to_string(Path::new(ROOT).join("catalog/catalog.toml")).unwrap();
        shop.write_catalog(&catalog);
        shop.write_variables(address, "");
        shop
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn write_catalog(&self, text: &str) {
        std::fs::write(self.file("catalog.toml"), text).unwrap();
    }

    fn variables(&self) -> PathBuf {
        self.file("CargoLambda.toml")
    }

    /// As `cargo xtask demo --keep` writes it.
    fn write_variables(&self, wix: SocketAddr, more: &str) {
        let queue = |name| {
            format!(
                "  \"{}_QUEUE_URL=sqlite://./queues.db?queue={}\",\n",
                name,
                String::from(name).to_lowercase().replace('_', "-")
            )
        };
        let queues: String = ["ORDER_PAID", "ORDER_CANCELED", "TAG_EXTERNAL_ID", "PARKED"]
            .map(queue)
            .concat();
        let text = format!(
            "[watch]\nenv_var = [\n  \"SECRET_URL=file://{ROOT}/local/secret.json\",\n  \"CATALOG_URL=file://./catalog.toml\",\n  \
             \"WIX_API_BASE_URL=http://{wix}\",\n  \"LEDGER_URL=sqlite://./ledger.db\",\n  \"SETTLE_SECONDS=0\",\n  \"WIX_CALLS_PER_MINUTE=60000\",\n{queues}{more}]\n"
        );
        std::fs::write(self.variables(), text).unwrap();
    }

    /// One more variable, or another value of one.
    pub(crate) fn set(&self, name: &str, value: &str) {
        let text = std::fs::read_to_string(self.variables()).unwrap();
        let text = text.replace("\n]\n", &format!("\n  \"{name}={value}\",\n]\n"));
        std::fs::write(self.variables(), text).unwrap();
    }

    /// Types a command line, in a pipe: nobody looks, and nobody can be asked.
    pub(crate) fn types(&self, words: &[&str]) -> Ran {
        self.session(words, Terminal::default(), "")
    }

    /// Types it on a terminal, and answers what is asked.
    pub(crate) fn session(&self, words: &[&str], terminal: Terminal, answers: &str) -> Ran {
        self.until(words, terminal, answers, std::future::pending())
    }

    /// Types it in a pipe, and Ctrl-C after that.
    pub(crate) fn interrupted(&self, words: &[&str], after: impl Future<Output = ()>) -> Ran {
        self.until(words, Terminal::default(), "", after)
    }

    fn until(&self, words: &[&str], terminal: Terminal, answers: &str, interrupt: impl Future<Output = ()>) -> Ran {
        let mut arguments = vec![
            OsString::from("reseller"),
            format!("--local={}", self.variables().display()).into(),
        ];
        arguments.extend(words.iter().map(OsString::from));
        let (mut input, mut out, mut err) = (Cursor::new(answers.as_bytes().to_vec()), Vec::new(), Vec::new());
        let session = Session {
            env: Env::from_pairs([("USER", "jane")]),
            terminal,
            input: &mut input,
            out: &mut out,
            err: &mut err,
        };
        let exit = self
            .runtime
            .block_on(reseller::run_until(session, arguments, interrupt));
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ran = Ran {
            exit,
            out: text(out),
            err: text(err),
        };
        free_of_what_is_private(&ran);
        ran
    }

    /// A delivery of Shopify's through `webhook`, and all workers.
    pub(crate) fn sells(&self, sample_file: &str, topic: &str) {
        self.delivers(&sample(sample_file), topic);
    }

    /// The same with another body.
    pub(crate) fn sells_body(&self, body: &str, topic: &str) {
        let file = self.file("delivery.json");
        std::fs::write(&file, body).unwrap();
        self.delivers(&file, topic);
    }

    fn delivers(&self, file: &Path, topic: &str) {
        let words = [
            "send",
            file.to_str().unwrap(),
            "--storefront",
            "shopify",
            "--topic",
            topic,
        ];
        self.types(&words).done();
        self.works();
    }

    /// What the queues have goes through the workers.
    pub(crate) fn works(&self) {
        for name in ["order-paid", "order-canceled", "tag-external-id"] {
            self.runtime.block_on(self.works_off(name));
        }
    }

    /// What a worker reads.
    fn worker(&self) -> (WorkerConfig, Env) {
        let text = std::fs::read_to_string(self.variables()).unwrap();
        let pairs = text
            .lines()
            .filter_map(|line| line.trim().trim_end_matches(',').trim_matches('"').split_once('='));
        let folder = format!("://{}/", self.folder.display());
        let env = Env::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value.replace("://./", &folder))));
        let config = WorkerConfig::from_env(&env).unwrap();
        (config, env)
    }

    async fn works_off(&self, name: &str) {
        let (config, env) = self.worker();
        works_off(&self.file("queues.db"), name, &config, &env).await;
    }

    /// From now on the workers run, as they do on AWS.
    pub(crate) fn employs(&self) {
        let (config, env) = self.worker();
        let queues = self.file("queues.db");
        self.runtime.spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(50));
            loop {
                ticks.tick().await;
                for name in ["order-paid", "order-canceled", "tag-external-id"] {
                    works_off(&queues, name, &config, &env).await;
                }
            }
        });
    }

    /// Another document of secrets.
    pub(crate) fn keeps(&self, document: &str) {
        let file = self.file("secret.json");
        std::fs::write(&file, document).unwrap();
        self.set("SECRET_URL", &format!("file://{}", file.display()));
    }

    /// What a queue has could not be taken five times.
    pub(crate) fn dies(&self, name: &str) {
        let queue = SqliteQueue::open(&self.file("queues.db"), name).unwrap();
        self.runtime.block_on(queue.move_all(&format!("{name}-dead"))).unwrap();
    }

    /// Strikes calls to Wix.
    pub(crate) fn strike(&self, rule: wix_sandbox::FaultRule) {
        self.wix.lock().unwrap_or_else(PoisonError::into_inner).add_fault(rule);
    }

    /// Somebody cancels every instance at Wix.
    pub(crate) fn ends_everything(&self) {
        let now = SystemClock.now().as_millis();
        let mut wix = self.wix.lock().unwrap_or_else(PoisonError::into_inner);
        let all: Vec<_> = wix.instances().map(|(_, instance)| instance.id).collect();
        for instance in all {
            let canceled = InstanceChange {
                status: Some(Status::Canceled),
                ..InstanceChange::default()
            };
            wix.set_instance(now, instance, canceled).unwrap();
        }
    }

    /// `reconcile` takes up what is due, as its schedule does every minute.
    pub(crate) fn sweeps(&self) {
        self.runtime.block_on(async {
            let (config, env) = self.worker();
            let opened = run::open(&config, &env).await.unwrap();
            let deadline = SystemClock.now() + Duration::from_secs(50);
            opened.engine.sweep(deadline).await.unwrap();
        });
    }

    /// Wix is well again.
    pub(crate) fn is_cured(&self) {
        self.wix.lock().unwrap_or_else(PoisonError::into_inner).clear_faults();
    }

    /// How many packages Wix has created.
    pub(crate) fn created(&self) -> u64 {
        let wix = self.wix.lock().unwrap_or_else(PoisonError::into_inner);
        wix.count(wix_sandbox::Operation::CreatePackage).committed
    }
}

async fn works_off(queues: &Path, name: &str, config: &WorkerConfig, env: &Env) {
    let queue = SqliteQueue::open(queues, name).unwrap();
    let received = queue
        .receive(10, Duration::from_secs(60), SystemClock.now())
        .await
        .unwrap();
    if received.is_empty() {
        return;
    }
    let mut event = SqsEvent::default();
    for message in &received {
        let mut record = SqsMessage::default();
        record.message_id = Some(message.id.to_string());
        record.body = Some(message.body.clone());
        event.records.push(record);
    }
    let opened = run::open(config, env).await.unwrap();
    let deadline = SystemClock.now() + Duration::from_secs(50);
    let report = batch::handle(&opened.engine, &SystemClock, event, deadline).await;
    assert_eq!(report.failed, Vec::<String>::new());
    for message in &received {
        queue.delete(message).await.unwrap();
    }
}

/// Whatever is typed: nobody reads of the sample buyer, of a key or of a secret.
fn free_of_what_is_private(ran: &Ran) {
    for private in [
        "Sample Buyer",
        "example.com\"",
        "buyer@",
        "sandbox-api-key",
        "local-shopify-secret",
        "shpss_test",
        "whsec_",
    ] {
        assert!(!ran.out.contains(private), "{private}: {}", ran.out);
        assert!(!ran.err.contains(private), "{private}: {}", ran.err);
    }
}

/// The text with every GUID, time and age as a word, so that two runs are the same.
pub(crate) fn normal(text: &str) -> String {
    let words = text.split_inclusive([' ', '\n']).map(|word| {
        let (bare, end) = word.split_at(word.trim_end().len());
        let inner = bare.trim_end_matches([',', ':', '.']);
        let tail = &bare[inner.len()..];
        let is_guid = inner.len() == 36 && inner.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        let is_time = inner.len() >= 20 && inner.starts_with("20") && inner.ends_with('Z');
        let is_id = inner.len() == 10
            && inner.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
            && inner.bytes().any(|b| b.is_ascii_digit());
        let shown = match (is_guid, is_time, is_id) {
            (true, ..) => "GUID",
            (_, true, _) => "TIME",
            (.., true) => "PROBLEM",
            _ => inner,
        };
        format!("{shown}{tail}{end}")
    });
    words.collect()
}
