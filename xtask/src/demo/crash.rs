//! Kills a worker with SIGKILL before and after each of its calls to Wix, lets the message come again and `reconcile` run,
//! and looks whether there are exactly one package and one voucher package, on the site, of the plan and with the external ID that
//! the order says. Once with a Wix that honours idempotency keys, once with one that ignores them and shows new packages
//! late.

mod scenes;

use std::cell::Cell;
use std::time::{Duration, Instant};

use reseller_hooks::time::{Clock, SystemClock};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::deadline::Proxy;
use super::deliver::{self, Delivery};
use super::lambda::Lambda;
use super::orders;
use super::pump::{Pump, sqs_event};
use super::stage::{self, Settings, Stage};
use super::{come_to_rest, short_waits};
use crate::failure::{Context, Failure};
use crate::progress::Line;
use crate::tools;
use reseller_hooks::order::StorefrontKind;

use scenes::{PAID, SCENES, Scene};

/// Long enough to find the call and kill the worker in it, shorter than the worker's own time limit.
const STALL_MS: u64 = 1_800;

/// The function timeout of these runs: a killed worker's lease lasts as long, and a worker on a slow disk must come to its last call.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(10);

struct World {
    title: &'static str,
    settings: Value,
}

/// One kill: in this call, after Wix has done it or before.
#[derive(Clone, Copy)]
struct Kill<'a> {
    world: &'a World,
    scene: Scene,
    call: u64,
    committed: bool,
}

/// How often something is tried that a busy machine can spoil.
const TRIES: u32 = 5;

/// Kills are made in so many stages at a time, each in a folder of its own: most of their time is waiting.
const STAGES: [&str; 5] = ["crash-1", "crash-2", "crash-3", "crash-4", "crash-5"];

/// Answers how many kills were survived.
pub(crate) async fn run() -> Result<u64, Failure> {
    stage::build().await?;
    // Once, and not in five stages at the same time.
    tools::CARGO_LAMBDA.get().await?;
    let worlds = [
        World {
            title: "keys honoured",
            settings: json!({ "idempotency": { "mode": "honour" }, "queryDelayMs": 0 }),
        },
        World {
            title: "keys ignored, packages shown a second late",
            settings: json!({ "idempotency": { "mode": "ignore" }, "queryDelayMs": 1_000 }),
        },
    ];
    let scenes: Vec<_> = worlds
        .iter()
        .flat_map(|world| SCENES.map(|scene| (world, scene)))
        .collect();
    in_all_stages(&scenes, async |(world, scene), folder| {
        undisturbed(world, *scene, folder).await
    })
    .await?;
    let kills: Vec<_> = scenes
        .iter()
        .flat_map(|(world, scene)| {
            (0..scene.calls).flat_map(|call| {
                [false, true].map(|committed| Kill {
                    world,
                    scene: *scene,
                    call,
                    committed,
                })
            })
        })
        .collect();
    in_all_stages(&kills, async |kill, folder| killed(*kill, folder).await).await?;
    Ok(u64::try_from(kills.len()).unwrap_or(u64::MAX))
}

/// Does each job in the first stage that is free. Where one fails the others are dropped, and their processes end with them.
async fn in_all_stages<J>(
    jobs: &[J],
    work: impl AsyncFn(&J, &'static str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let left = Cell::new(0);
    let stage = async |folder: &'static str| {
        while let Some(job) = jobs.get(left.get()) {
            left.set(left.get() + 1);
            work(job, folder).await?;
        }
        Ok::<_, Failure>(())
    };
    let [one, two, three, four, five] = STAGES;
    tokio::try_join!(
        Box::pin(stage(one)),
        Box::pin(stage(two)),
        Box::pin(stage(three)),
        Box::pin(stage(four)),
        Box::pin(stage(five))
    )?;
    Ok(())
}

/// The stage, and the proxy that the functions are behind, with the scene's delivery in its queue.
async fn set(world: &World, scene: Scene, folder: &'static str) -> Result<(Stage, Proxy), Failure> {
    let mut environment = short_waits();
    environment.retain(|(name, _)| *name != "SETTLE_SECONDS" && *name != "WIX_TIMEOUT_SECONDS");
    environment.extend([
        // More than the second that packages are shown late.
        ("SETTLE_SECONDS", "2".to_owned()),
        ("WIX_TIMEOUT_SECONDS", "2".to_owned()),
    ]);
    let settings = Settings {
        name: folder,
        port: None,
        starts_functions: false,
        sandbox: vec!["--rate-limit".to_owned(), "none".to_owned()],
        environment,
    };
    let mut stage = Stage::set(&settings).await?;
    stage.sandbox.settings(&world.settings).await?;
    stage.sells(scene.sells)?;
    let proxy = Proxy::start(stage.lambda.port(), FUNCTION_TIMEOUT).await?;
    let mut functions = vec!["webhook", scene.worker, "reconcile"];
    if scene.paid_before && scene.worker != PAID.worker {
        functions.push(PAID.worker);
    }
    for function in functions {
        stage.start_function(function, proxy.port)?;
    }
    if scene.paid_before {
        deliver(&stage, PAID).await?;
        let pump = Pump::new(&stage)?;
        come_to_rest(&mut stage, &pump).await?;
    }
    // Once it answers it is done with its start, which may call Wix too.
    stage.lambda.invoke(scene.worker, &sqs_event(scene.worker, &[])).await?;
    stage.lambda.invoke("reconcile", &json!({})).await?;
    deliver(&stage, scene).await?;
    Ok((stage, proxy))
}

async fn deliver(stage: &Stage, scene: Scene) -> Result<(), Failure> {
    let (file, topic) = scene.delivered;
    let edits: Vec<_> = scene
        .edits
        .iter()
        .map(|(from, to)| ((*from).to_owned(), (*to).to_owned()))
        .collect();
    let delivery = Delivery::new(scene.title, StorefrontKind::Shopify, file, topic).with(&edits);
    delivery.send(&stage.lambda, &deliver::secret()?).await.map(|_| ())
}

/// The scene comes to its end by as many calls as it is said to: in each of them there is something to kill.
async fn undisturbed(world: &World, scene: Scene, folder: &'static str) -> Result<(), Failure> {
    let begun = Instant::now();
    let title = format!("{}, {}: undisturbed", world.title, scene.title);
    let line = Line::new(&title);
    let mut made = Vec::new();
    // On a busy machine the worker runs out of time now and then, and the rest is done by more calls.
    for _ in 0..TRIES {
        let (mut stage, _proxy) = set(world, scene, folder).await?;
        let before = stage.sandbox.all_calls().await?;
        let pump = Pump::new(&stage)?;
        come_to_rest(&mut stage, &pump).await?;
        verify(&stage, scene, &title).await?;
        let calls = stage.sandbox.all_calls().await? - before;
        end(stage).await;
        if calls == scene.calls {
            line.end(begun.elapsed(), true);
            return Ok(());
        }
        made.push(calls);
    }
    line.end(begun.elapsed(), false);
    Err(Failure::new(format!(
        "{title}: {made:?} calls to Wix in {TRIES} tries, and not {}: correct the number in xtask/src/demo/crash/scenes.rs, or look why",
        scene.calls
    )))
}

/// Ends what was started without holding up the other stages: programs are given a moment for that, and a kill that comes late
/// proves nothing.
async fn end(stage: Stage) {
    drop(tokio::task::spawn_blocking(move || drop(stage)).await);
}

/// Kills the worker in a call, lets everything come to rest, and looks what is there.
async fn killed(kill: Kill<'_>, folder: &'static str) -> Result<(), Failure> {
    let Kill {
        world,
        scene,
        call,
        committed,
    } = kill;
    let when = if committed { "after" } else { "before" };
    let title = format!("{}, {}: killed {when} call {}", world.title, scene.title, call + 1);
    let begun = Instant::now();
    let line = Line::new(&title);
    // On a busy machine the call can be over before the worker is killed, or the worker be out of time before the call: that
    // proves nothing, and is done again.
    for _ in 0..TRIES {
        let (mut stage, proxy) = set(world, scene, folder).await?;
        if !kill_in(&mut stage, scene.worker, call, committed).await? {
            end(stage).await;
            continue;
        }
        stage.start_function(scene.worker, proxy.port)?;
        let pump = Pump::new(&stage)?;
        come_to_rest(&mut stage, &pump).await?;
        let verified = verify(&stage, scene, &title).await;
        end(stage).await;
        line.end(begun.elapsed(), verified.is_ok());
        return verified;
    }
    line.end(begun.elapsed(), false);
    Err(Failure::new(format!(
        "{title}: in {TRIES} tries the worker did not come to this call, or was not killed in time: the machine is too busy"
    )))
}

/// Whether the worker was killed while Wix had its call in hand.
async fn kill_in(stage: &mut Stage, worker: &'static str, call: u64, committed: bool) -> Result<bool, Failure> {
    let last = stage.sandbox.all_calls().await? + call + 1;
    let effect = json!({ "type": "stall", "ms": STALL_MS, "commit": committed });
    stage
        .sandbox
        .fault(&json!({ "skip": call, "times": 1, "effect": effect }))
        .await?;
    let queue = stage.queue(worker)?;
    let messages = queue
        .receive(10, Duration::from_secs(1), SystemClock.now())
        .await
        .could_not("receive the message")?;
    let invocation = tokio::spawn(invoke(stage.lambda.clone(), worker, sqs_event(worker, &messages)));
    let is_reached = reached(stage, last, &invocation).await?;
    stage.processes.kill(worker)?;
    let in_time = is_reached && !invocation.is_finished() && stage.sandbox.all_calls().await? == last;
    // Nobody will answer it any more.
    invocation.abort();
    stage.sandbox.no_more_faults().await?;
    Ok(in_time)
}

async fn invoke(lambda: Lambda, worker: &'static str, event: Value) {
    // It is killed: there is no answer to look at.
    drop(lambda.invoke(worker, &event).await);
}

/// Waits until the worker has sent so many calls, the last of which stalls. `false`: it has ended before.
async fn reached(stage: &Stage, calls: u64, invocation: &JoinHandle<()>) -> Result<bool, Failure> {
    while !invocation.is_finished() {
        if stage.sandbox.all_calls().await? >= calls {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    Ok(false)
}

async fn verify(stage: &Stage, scene: Scene, title: &str) -> Result<(), Failure> {
    let (orders, unknown) = orders::read(stage).await?;
    let mut missed: Vec<String> = orders.iter().flat_map(|order| scene.wanted.misses(order)).collect();
    if orders.len() != 1 {
        missed.push(format!("{} orders", orders.len()));
    }
    missed.extend(
        unknown
            .iter()
            .map(|package| format!("no order knows package {}", package.id)),
    );
    if missed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{title}: {}; what the functions said is in {}",
        missed.join(", "),
        stage.folder.display()
    )))
}
