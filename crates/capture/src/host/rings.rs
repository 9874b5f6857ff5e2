//! io_uring on this host: whether programs may use it, and what its kernel tells of it.

use super::{Feature, Host, State, Types, feature};

/// Who asks for something by a ring, under its name since Linux 6.4 and before.
const ASKED: [&str; 2] = ["btf_trace_io_uring_submit_req", "btf_trace_io_uring_submit_sqe"];
/// What a request keeps stands at one place since Linux 6.0; before, it cannot be read.
const READABLE: &str = "io_cmd_data";
/// What tells the answers of one request later than they came, from Linux 6.3 to 6.9.
const LATE: [&str; 2] = ["io_aux_cqe", "io_fill_cqe_req_aux"];
const SETTING: &str = "proc/sys/kernel/io_uring_disabled";

/// What a kernel tells of its rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rings {
    /// What is asked for and what is answered.
    Told,
    /// Likewise, by the names of Linux 6.0 to 6.3.
    ToldBefore,
    /// Too little to know what passed.
    Untold,
    /// It has none.
    Unknown,
}

/// What this kernel tells of its rings.
pub(crate) fn told() -> Rings {
    Rings::of(&Host::own().types())
}

/// Whether the answers of a request that has many are told when its buffer is another one.
pub(crate) fn answers_late() -> bool {
    let types = Host::own().types();
    LATE.iter().any(|name| types.name(name))
}

impl Rings {
    fn of(types: &Types) -> Rings {
        let [asked, before] = ASKED.map(|name| types.name(name));
        match (types.name(READABLE), asked, before) {
            (true, true, _) => Rings::Told,
            (true, false, true) => Rings::ToldBefore,
            (false, true, _) | (_, _, true) => Rings::Untold,
            (_, false, false) => Rings::Unknown,
        }
    }
}

impl Host {
    /// What passes by rings is seen, cannot be, or does not happen.
    pub(super) fn rings(&self, types: &Types) -> Feature {
        let is_refused = self.read(SETTING).is_some_and(|setting| setting.trim() == "2");
        let (found, state) = match Rings::of(types) {
            Rings::Unknown => ("not in this kernel", State::Ok),
            _ if is_refused => ("refused to programs (kernel.io_uring_disabled = 2)", State::Ok),
            Rings::Told | Rings::ToldBefore => ("read", State::Ok),
            Rings::Untold => {
                let advice = "what programs move by it is not read, and TCP's own figures tell how much that was; \
                              Linux 6.0 tells more";
                ("not read", State::Limited(advice.to_owned()))
            }
        };
        feature("io_uring", found, state)
    }
}
