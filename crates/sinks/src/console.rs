//! Accesses for people: one line each, and more on request.

use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::access::Access;
use model::conn::{Address, Layer, Role};
use model::details::{Detail, Details};
use model::exchange::Outcome;
use model::process::Process;

use crate::sink::Sink;

/// A statement is shown to so many characters on its line; `-v` shows all of it.
const STATEMENT: usize = 120;

/// How much a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detailed {
    /// One line.
    Line,
    /// The line, and parameters, columns, sizes, details below it.
    All,
}

/// Whether colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// On a terminal.
    On,
    /// In a file or a pipe.
    Off,
}

/// Writes each access as a line that a person reads.
#[derive(Debug)]
pub struct Console<W> {
    to: W,
    detailed: Detailed,
    colour: Colour,
    zone: TimeZone,
    text: String,
}

impl<W: Write + Send> Console<W> {
    /// Lines go to `to`, with times in the zone of this host.
    pub fn new(to: W, detailed: Detailed, colour: Colour) -> Self {
        Console { to, detailed, colour, zone: TimeZone::system(), text: String::new() }
    }

    fn styled(&mut self, style: Style, what: impl std::fmt::Display) {
        _ = match self.colour {
            Colour::On => write!(self.text, "{style}{what}{style:#}"),
            Colour::Off => write!(self.text, "{what}"),
        };
    }

    fn line(&mut self, access: &Access) {
        let exchange = &access.exchange;
        let dim = Style::new().dimmed();
        let time = Timestamp::from_nanosecond(i128::from(exchange.asked.0)).unwrap_or_default();
        let time = time.to_zoned(self.zone.clone());
        self.styled(dim, time.strftime("%H:%M:%S%.3f"));
        self.text.push(' ');
        let (asking, answering) = ends(access);
        self.styled(AnsiColor::Cyan.on_default(), Name(asking, None, &access.opened.client));
        self.text.push_str(" → ");
        self.styled(
            AnsiColor::Cyan.on_default(),
            Name(answering, access.server_name.as_deref(), &access.opened.server),
        );
        if let Some(who) = &exchange.identity
            && (who.user.is_some() || who.database.is_some())
        {
            let (user, database) =
                (who.user.as_deref().unwrap_or("?"), who.database.as_deref().unwrap_or("?"));
            self.styled(dim, format_args!(" {user}@{database}"));
        }
        let lock = match access.layer {
            Layer::Wire => "",
            Layer::Clear => " (tls)",
        };
        self.styled(dim, format_args!(" {}{lock} ", exchange.protocol));
        self.asked(access);
        self.answered(access);
        self.text.push('\n');
    }

    fn asked(&mut self, access: &Access) {
        let request = &access.exchange.request;
        match request.statement.as_deref() {
            Some(statement) => self.styled(Style::new().bold(), OneLine(statement)),
            None => {
                self.styled(Style::new().bold(), &request.operation);
                let why = request.details.iter().find(|(name, _)| *name == "statement");
                if let Some((_, Detail::Text(why))) = why {
                    _ = write!(self.text, " ({why})");
                }
            }
        }
    }

    fn answered(&mut self, access: &Access) {
        let exchange = &access.exchange;
        let response = &exchange.response;
        self.text.push_str("  ");
        match (response.outcome, &response.failure) {
            (Outcome::Error, Some(failure)) => {
                let red = AnsiColor::Red.on_default();
                self.styled(red, format_args!("{} {}", failure.code, OneLine(&failure.message)));
            }
            (Outcome::Error, None) => self.styled(AnsiColor::Red.on_default(), "error"),
            (Outcome::Unanswered, _) => self.styled(AnsiColor::Yellow.on_default(), "unanswered"),
            (Outcome::Oneway, _) => self.text.push_str("one way"),
            (Outcome::Unknown, _) => self.styled(AnsiColor::Yellow.on_default(), "unknown outcome"),
            (Outcome::Ok, _) => self.fruits(access),
        }
        if let Some(answered) = exchange.answered {
            let latency = answered.since(exchange.asked);
            self.styled(Style::new().dimmed(), format_args!(" {}", Latency(latency)));
        }
        if access.opened.weight > 1 {
            self.styled(Style::new().dimmed(), format_args!(" (one of {})", access.opened.weight));
        }
        if let Some(cause) = exchange.completeness.cause {
            let lost = exchange.completeness.lost_bytes;
            let yellow = AnsiColor::Yellow.on_default();
            self.styled(yellow, format_args!(" [{lost} bytes lost: {}]", cause.name()));
        }
    }

    fn fruits(&mut self, access: &Access) {
        let response = &access.exchange.response;
        let green = AnsiColor::Green.on_default();
        let status = response.details.iter().find(|(name, _)| *name == "http.status");
        match (response.rows, response.affected, status) {
            (_, _, Some((_, Detail::Number(status)))) => self.styled(green, status),
            (Some(1), None, _) => self.styled(green, "1 row"),
            (Some(rows), None, _) => self.styled(green, format_args!("{rows} rows")),
            (Some(rows), Some(affected), _) => {
                self.styled(green, format_args!("{rows} rows, {affected} affected"));
            }
            (None, Some(affected), _) => self.styled(green, format_args!("{affected} affected")),
            (None, None, _) => self.styled(green, "ok"),
        }
    }

    fn all(&mut self, access: &Access) {
        let exchange = &access.exchange;
        if let Some(statement) = exchange.request.statement.as_deref()
            && OneLine(statement).is_cut()
        {
            _ = writeln!(self.text, "    {}", Printable(statement));
        }
        if !exchange.request.parameters.is_empty() {
            self.text.push_str("    parameters");
            for cell in exchange.request.parameters.iter() {
                _ = write!(self.text, " {}", cell.map_or_else(|| "null".into(), |c| format!("{c:?}")));
            }
            self.text.push('\n');
        }
        if let Some(columns) = exchange.response.columns.as_deref().filter(|c| !c.is_empty()) {
            self.text.push_str("    columns");
            for column in columns {
                _ = write!(self.text, " {}:{}", Printable(&column.name), column.kind);
            }
            self.text.push('\n');
        }
        for sample in exchange.response.samples.iter() {
            let cells: Vec<_> = sample.map(|c| c.unwrap_or("null")).collect();
            _ = writeln!(self.text, "    row {cells:?}");
        }
        self.details(&exchange.request.details);
        self.details(&exchange.response.details);
        let (asked, answered) = (exchange.request_bytes, exchange.response_bytes);
        _ = writeln!(
            self.text,
            "    bytes {asked} asked, {answered} answered; connection {}/{}/{}",
            access.conn.tgid, access.conn.fd, access.conn.generation
        );
        self.who(access);
    }

    fn who(&mut self, access: &Access) {
        let (asking, answering) = ends(access);
        for (end, process) in [("client", asking), ("server", answering)] {
            let Some(process) = process else { continue };
            let parents = process.parents.join(" < ");
            let user = process.user.as_deref().unwrap_or("?");
            let command = Printable(&process.command);
            _ = writeln!(
                self.text,
                "    {end} process {} {command} user {user} parents {parents}",
                process.pid
            );
        }
    }

    fn details(&mut self, details: &Details) {
        for (name, detail) in details {
            _ = match detail {
                Detail::Text(hex) if name.starts_with("hex") => {
                    writeln!(self.text, "    {name}{}", Dump(hex))
                }
                Detail::Text(text) => writeln!(self.text, "    {name} {}", Printable(text)),
                Detail::Number(number) => writeln!(self.text, "    {name} {number}"),
            };
        }
    }
}

impl<W: Write + Send> Sink for Console<W> {
    fn deliver(&mut self, accesses: &[Access]) -> io::Result<()> {
        self.text.clear();
        for access in accesses {
            self.line(access);
            if self.detailed == Detailed::All {
                self.all(access);
            }
        }
        self.to.write_all(self.text.as_bytes())?;
        self.to.flush()
    }
}

/// The processes at the client's and at the server's end, as far as they are on this host.
fn ends(access: &Access) -> (Option<&Process>, Option<&Process>) {
    let (observed, other) = (access.actor.as_deref(), access.peer.as_deref());
    match access.opened.role {
        Role::Server => (other, observed),
        Role::Client | Role::Both | Role::Observer => (observed, other),
    }
}

/// An end of a connection: the process there, else its name, else its address.
struct Name<'a>(Option<&'a Process>, Option<&'a str>, &'a Address);

impl std::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Name(process, name, address) = *self;
        match (process, name) {
            (Some(process), _) => write!(f, "{}[{}]", Printable(&process.name), process.pid)?,
            (None, Some(name)) => f.write_str(name)?,
            (None, None) => {}
        }
        let is_named = process.is_some() || name.is_some();
        match address {
            Address::Inet(address) if is_named => write!(f, ":{}", address.port),
            Address::Unix(_) | Address::Unknown if is_named => Ok(()),
            Address::Inet(address) => write!(f, "{address}"),
            Address::Unix(path) if path.is_empty() => f.write_str("unix"),
            Address::Unix(path) => write!(f, "unix:{}", Printable(path)),
            Address::Unknown => f.write_str("?"),
        }
    }
}

/// Hexadecimal digits as a dump: sixteen bytes a line, with their positions and their characters.
struct Dump<'a>(&'a str);

impl std::fmt::Display for Dump<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (row, digits) in self.0.as_bytes().chunks(32).enumerate() {
            write!(f, "\n      {:04x} ", row * 16)?;
            let mut characters = String::new();
            for pair in digits.chunks(2) {
                let pair = std::str::from_utf8(pair).unwrap_or_default();
                let byte = u8::from_str_radix(pair, 16).unwrap_or_default();
                characters.push(if (b' '..=b'~').contains(&byte) { byte.into() } else { '.' });
                write!(f, " {pair}")?;
            }
            let blank = (32 - digits.len()) / 2 * 3;
            write!(f, "{:blank$}  {characters}", "")?;
        }
        Ok(())
    }
}

/// Nanoseconds in the unit that a person would choose.
struct Latency(u64);

impl std::fmt::Display for Latency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (micros, rest) = (self.0 / 1000, self.0 / 100 % 10);
        match micros {
            0..1000 => write!(f, "{micros}.{rest} µs"),
            1000..1_000_000 => write!(f, "{}.{} ms", micros / 1000, micros / 100 % 10),
            _ => write!(f, "{}.{} s", micros / 1_000_000, micros / 100_000 % 10),
        }
    }
}

/// A text on one line: runs of white space become a blank, control characters are escaped, the end is cut.
struct OneLine<'a>(&'a str);

impl OneLine<'_> {
    fn is_cut(&self) -> bool {
        self.0.contains('\n') || self.0.chars().count() > STATEMENT
    }
}

impl std::fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut left = STATEMENT;
        let mut blank = false;
        for c in self.0.trim().chars() {
            if left == 0 {
                return f.write_str("…");
            }
            let white = c.is_whitespace();
            if white && blank {
                continue;
            }
            blank = white;
            left -= 1;
            match c {
                _ if white => f.write_char(' ')?,
                _ if c.is_control() => write!(f, "{}", c.escape_default())?,
                _ => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A text whose control characters (a terminal would obey them) are escaped.
struct Printable<'a>(&'a str);

impl std::fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in self.0.chars() {
            match c {
                '\n' => f.write_str("\n    ")?,
                '\r' => {}
                _ if c.is_control() => write!(f, "{}", c.escape_default())?,
                _ => f.write_char(c)?,
            }
        }
        Ok(())
    }
}
