//! The engine selected by flags, environment and Docker's configuration.

use futures::FutureExt;

use super::invocation::Form;
use super::plugin::socket;
use super::runtime::runtime;
use super::{Context, Failure};
use crate::engine::Observe;
use crate::engine::docker::{ConnectSettings, DialCommand, Docker, TlsRequest};

/// Runs `work` with what `load` reads and with the engine selected by flags, environment and Docker's configuration.
/// Pings the engine first, so that it wakes up and answers while the files are read.
pub(super) fn with_engine<L, T>(
    context: &Context,
    load: impl FnOnce() -> Result<L, Failure>,
    work: impl AsyncFnOnce(L, Docker) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let runtime = runtime().map_err(|error| anyhow::Error::new(error).context("cannot start"))?;
    let engine = connect(context);
    let mut greeting = Box::pin(greet(engine.as_ref().ok().cloned())).fuse();
    runtime.block_on(async {
        tokio::select! { biased; () = &mut greeting => {}, () = turns(TURNS_TO_SEND) => {} }
    });
    // Report problems of the files before problems of the engine.
    let result = load().and_then(|loaded| {
        let mut work = Box::pin(work(loaded, engine?));
        runtime.block_on(async {
            let work = async {
                tokio::select! { biased; () = &mut greeting => work.await, done = &mut work => done }
            };
            tokio::select! { biased; done = work => done, () = socket::hung_up() => Err(Failure::Interrupted) }
        })
    });
    // A pending read of standard input must not keep the process alive.
    runtime.shutdown_background();
    result
}

/// How many turns the runtime takes until a request is sent: for the connection, for its task, and for the bytes.
const TURNS_TO_SEND: usize = 4;

/// Sends the engine its first request. Errors are reported by the call that needs the answer. Skips remote engines,
/// which may ask for a login.
async fn greet(engine: Option<Docker>) {
    if let Some(engine) = engine.filter(Observe::is_local) {
        let _ = engine.version().await;
    }
}

async fn turns(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

/// The selected engine. hoist's own flags override those of `docker`.
pub(super) fn connect(context: &Context) -> Result<Docker, Failure> {
    let Context { global, docker, .. } = context;
    let mut connect = ConnectSettings::from_environment(|name| context.environment.get(name).cloned());
    for (host, named) in [(&docker.host, &docker.context), (&global.host, &global.context)] {
        if host.is_some() || named.is_some() {
            connect.host.clone_from(host);
            connect.context.clone_from(named);
        }
    }
    match (docker.tls_verify, docker.tls) {
        (Some(true), _) => connect.tls = TlsRequest::Verified,
        (_, true) => connect.tls = TlsRequest::Unverified,
        (Some(false), false) => connect.tls = TlsRequest::No,
        (None, false) => {}
    }
    connect.tls_authority.clone_from(&docker.tls_authority);
    connect.tls_certificate.clone_from(&docker.tls_certificate);
    connect.tls_key.clone_from(&docker.tls_key);
    connect.builds.secrets = context.secret_values();
    connect.dial = dial(context);
    Ok(Docker::connect(connect)?)
}

/// The `docker` that called hoist, if it says that the engine is reached through it: it may know of engines that nobody
/// else does.
fn dial(context: &Context) -> Option<DialCommand> {
    let Context { global, docker, .. } = context;
    let own = global.host.is_some() || global.context.is_some();
    if context.form != Form::Plugin || own {
        return None;
    }
    context.variable("DOCKER_CLI_PLUGIN_USE_DIAL_STDIO")?;
    let program = context.variable("DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND").unwrap_or("docker").to_owned();
    let arguments = docker.words.iter().cloned().chain(["system".to_owned(), "dial-stdio".to_owned()]);
    Some(DialCommand { program, arguments: arguments.collect() })
}
