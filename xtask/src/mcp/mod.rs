//! Records fixtures of the Model Context Protocol over stdio.

use std::fs;
use std::path::Path;
use std::process::Command;

use model::conn::Speaker;
use protocols::kit::transcript::Line;

use crate::Outcome;
use crate::fixture::{keep, shortened};
use crate::options::Options;
use crate::programs::run;

/// Where the fixtures live.
const FIXTURES: &str = "crates/protocols/src/web/mcp_stdio/fixtures";
/// The programs, which the live tests start too.
const PROGRAMS: &str = "crates/plainsight/tests/live/clients";
/// What the client starts instead of its server: it starts that one, and writes down what both say.
const RELAY: &str = "xtask/src/mcp/relay.py";

/// A client and a server of one maker.
struct Pair<'a> {
    name: &'static str,
    maker: &'static str,
    /// What runs both, and how their files end.
    program: &'a str,
    ending: &'static str,
    /// What it runs to say their version.
    version: [&'a str; 2],
}

/// Starts each client with its server, and writes their fixture.
pub(crate) fn record(options: &Options) -> Outcome<()> {
    let folder = std::env::var("NODE_PATH").unwrap_or_default();
    let script = format!("require('{folder}/@modelcontextprotocol/sdk/package.json').version");
    let pairs = [
        Pair {
            name: "python",
            maker: "mcp of Python",
            program: &options.python,
            ending: "py",
            version: ["-c", "from importlib.metadata import version; print(version('mcp'))"],
        },
        Pair {
            name: "node",
            maker: "@modelcontextprotocol/sdk",
            program: "node",
            ending: "js",
            version: ["-p", &script],
        },
    ];
    pairs.iter().filter(|pair| options.wants(pair.name)).try_for_each(|pair| one(options, pair))
}

fn one(options: &Options, pair: &Pair<'_>) -> Outcome<()> {
    let Pair { name, maker, program, ending, version } = *pair;
    let file = |of: &str| Path::new(PROGRAMS).join(format!("mcp_stdio_{of}.{ending}"));
    let log = std::env::temp_dir().join(format!("plainsight-record-mcp-{}-{name}", std::process::id()));
    let mut client = Command::new(program);
    client.arg(file("client")).arg(&options.python).arg(RELAY).arg(&log).arg(program).arg(file("server"));
    run(&mut client).map_err(|e| format!("{name}: {e}"))?;
    let said = fs::read_to_string(&log).map_err(|e| format!("reading {}: {e}", log.display()))?;
    fs::remove_file(&log).map_err(|e| format!("removing {}: {e}", log.display()))?;
    let talk: Vec<Line> = said.lines().map(line).collect::<Option<_>>().ok_or("the relay wrote no lines")?;
    let version = run(Command::new(program).args(version))?;
    keep(FIXTURES, name, &format!("# mcp: {maker} {}\n{}", version.trim(), shortened(&talk)))
}

/// A line of the relay's: who said it, and the bytes in hex.
fn line(said: &str) -> Option<Line> {
    let (letter, hex) = said.split_once(' ')?;
    let speaker = if letter == "C" { Speaker::Client } else { Speaker::Server };
    let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    let bytes = (0..hex.len()).step_by(2).map(byte).collect::<Option<_>>()?;
    Some(Line { speaker, bytes })
}
