//! What the makers of Plainsight run: `cargo run -p xtask -- record postgresql`.

mod http;
mod keyvalue;
mod postgres;
mod programs;
mod relay;

use std::process::ExitCode;

const USAGE: &str = "usage: xtask record [postgresql | http | redis | memcached] [--only SCENARIO] [--programs FOLDER] [--python PROGRAM]

Starts real servers in a temporary folder, lets real clients speak to them, and writes what they said as fixtures.
Without the name of a protocol, all are recorded.
  --only      records this scenario alone
  --programs  where initdb, postgres, psql and pgbench are (default: /usr/lib/postgresql/15/bin)
  --python    a Python that has psycopg, psycopg2 and asyncpg; requests, aiohttp, brotli and zstandard;
              redis from 5 on and pymemcache (default: python3)";

/// What every step of a task may fail with: what was tried, and why it failed.
type Outcome<T> = Result<T, String>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["record", "postgresql", options @ ..] => {
            postgres::Options::read(options).and_then(|o| postgres::record(&o))
        }
        ["record", "http", options @ ..] => http::Options::read(options).and_then(|o| http::record(&o)),
        ["record", "redis", options @ ..] => {
            keyvalue::Options::read(options).and_then(|o| keyvalue::record(&keyvalue::REDIS, &o))
        }
        ["record", "memcached", options @ ..] => {
            keyvalue::Options::read(options).and_then(|o| keyvalue::record(&keyvalue::MEMCACHED, &o))
        }
        ["record"] => postgres::Options::read(&[])
            .and_then(|o| postgres::record(&o))
            .and_then(|()| http::Options::read(&[]))
            .and_then(|o| http::record(&o))
            .and_then(|()| keyvalue::Options::read(&[]))
            .and_then(|o| {
                keyvalue::record(&keyvalue::REDIS, &o)?;
                keyvalue::record(&keyvalue::MEMCACHED, &o)
            }),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
