//! What a user may type.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::filter::{Ends, Filter};

/// Every database query and API call on this machine, in plaintext even inside TLS.
#[derive(Debug, Parser)]
#[command(name = "plainsight", version, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what this host's programs ask and get, live.
    Watch(Watch),
    /// Show what a packet capture or a recording holds; needs no privilege.
    Replay(Replay),
    /// Record raw events of this host for `replay`.
    Record(Record),
    /// Let TLS be read that no hook finds, by an agent inside of a program; never without being asked.
    Agent(Agent),
    /// Say what this host allows, which TLS libraries run, which are watched, and which are dark and why.
    Doctor(Doctor),
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    #[command(flatten)]
    pub(crate) filter: Filter,
    #[command(flatten)]
    pub(crate) output: Output,
    /// Stop after so long (`10s`, `5m`).
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration, help_heading = "Limits")]
    pub(crate) time: Option<Duration>,
    #[command(flatten)]
    pub(crate) packets: Packets,
    #[command(flatten)]
    pub(crate) limits: Limits,
    #[command(flatten)]
    pub(crate) share: Share,
    /// What watching may cost a watched program, in percent of a core, or `none`: of whom it costs more, less is read, which
    /// is told: heads of bodies first, then heads of a sample of its connections, then nothing.
    #[arg(long, value_name = "PERCENT", default_value = "none", value_parser = percent, help_heading = "Limits")]
    pub(crate) budget: Percent,
    /// Filters, `--sample` and `--rate` from a file, written as here, over as many lines as you like; `#` begins a remark.
    /// It is read again whenever it changes.
    #[arg(long, value_name = "FILE", help_heading = "Filters")]
    pub(crate) filters: Option<PathBuf>,
    /// Start this program, watch it and what it starts alone, and end when it ends; what it prints goes to standard error.
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// pcap, pcapng (also gzipped) or `.events` files.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) filter: Filter,
    #[command(flatten)]
    pub(crate) output: Output,
    /// A TLS key log (SSLKEYLOGFILE) to read TLS 1.2 and 1.3 with.
    #[arg(long, value_name = "FILE")]
    pub(crate) keylog: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) packets: Packets,
}

#[derive(Debug, Args)]
pub(crate) struct Record {
    /// Where the recording goes; it holds payload, so only its owner may read it.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) ends: Ends,
    /// Stop after so long (`10s`, `5m`).
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration, help_heading = "Limits")]
    pub(crate) time: Option<Duration>,
    #[command(flatten)]
    pub(crate) limits: Limits,
    #[command(flatten)]
    pub(crate) share: Share,
}

#[derive(Debug, Args)]
pub(crate) struct Agent {
    #[command(subcommand)]
    pub(crate) of: AgentOf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AgentOf {
    /// Java's own TLS (JSSE), Java 17 and later.
    #[command(arg_required_else_help = true)]
    Java {
        /// Load it into these programs, as their user or as root. It stays until they end.
        #[arg(value_name = "PID")]
        pids: Vec<u32>,
        /// Write it to a file, to start programs with `java -javaagent:FILE`.
        #[arg(long, value_name = "FILE")]
        write: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// As one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Output {
    /// Each access as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Show bytes that nobody understands, as hex.
    #[arg(long)]
    pub(crate) hex: bool,
    /// Show parameters, columns, rows, sizes and processes too.
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Show no access, only the statistics.
    #[arg(long, conflicts_with_all = ["json", "hex", "verbose"])]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Packets")]
pub(crate) struct Packets {
    /// Write what is read, in clear, as a pcapng file for Wireshark. It holds payload, so only its owner may read it.
    /// Of the filters, those of a connection's ends hold for it (`--pid --name --container --port`).
    #[arg(long, value_name = "FILE")]
    pub(crate) pcap: Option<PathBuf>,
    /// Write a ring of so many files (`FILE` with a number before its ending), of which the newest replaces the oldest.
    #[arg(long, value_name = "N", requires = "pcap", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) pcap_files: Option<u32>,
    /// How much a file of the ring holds, in MiB.
    #[arg(long, value_name = "MIB", requires = "pcap_files", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) pcap_size: u32,
}

/// The bytes of a ring.
fn ring(text: &str) -> Result<u32, String> {
    let (number, shift) = text.strip_suffix('K').map_or((text, 20), |number| (number, 10));
    let size = number.parse::<u32>().ok().and_then(|number| number.checked_mul(1 << shift));
    let wanted = || format!("{text} is no power of two from 4K to 2048");
    size.filter(|size| size.is_power_of_two() && *size >= 4 << 10).ok_or_else(wanted)
}

/// How much is read of what is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct Share {
    /// Read one connection of so many (`1/10`), whole; each access says as `weight` for how many it stands.
    #[arg(long, value_name = "1/N", value_parser = one_of)]
    pub(crate) sample: Option<u32>,
    /// The most bytes a second that are captured of one process; the rest is counted as lost by `rate`.
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) rate: Option<u64>,
}

/// What a file of filters may say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Parser)]
#[command(name = "filters", no_binary_name = true, disable_help_flag = true)]
pub(crate) struct Wish {
    #[command(flatten)]
    pub(crate) filter: Filter,
    #[command(flatten)]
    pub(crate) share: Share,
}

/// A share of a core; `None`: any.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Percent(pub(crate) Option<f64>);

fn percent(text: &str) -> Result<Percent, String> {
    if text == "none" {
        return Ok(Percent(None));
    }
    let percent = text.parse().ok().filter(|percent: &f64| percent.is_finite() && *percent > 0.0);
    percent
        .map(|percent| Percent(Some(percent)))
        .ok_or_else(|| "it is a number above 0, or `none`".to_owned())
}

/// Of `1/10`, the 10.
fn one_of(share: &str) -> Result<u32, String> {
    let number = share.strip_prefix("1/").and_then(|number| number.parse().ok());
    number.filter(|number| *number > 0).ok_or_else(|| "it is written as 1/10".to_owned())
}

#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct Limits {
    /// The ring between kernel and collector, in MiB, or with a `K` in KiB (a power of two, 4K at least).
    #[arg(long, value_name = "SIZE", default_value = "64", value_parser = ring)]
    pub(crate) ring: u32,
    /// The most bytes of one call that are captured; the rest is counted as lost by `limit`.
    #[arg(long, value_name = "BYTES", default_value_t = 131_072)]
    pub(crate) body_limit: u32,
    /// Hear pipes and FIFOs too. A program's standard input and output are one connection with who started it: MCP over stdio.
    #[arg(long, help_heading = "Filters")]
    pub(crate) pipes: bool,
}
