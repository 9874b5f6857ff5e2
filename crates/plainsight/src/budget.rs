//! The budget: what watching may cost a watched program, kept by reading less of those that it costs more.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use capture::kernel::Kernel;
use capture::kernel::calibration::Calibration;
use capture::kernel::choice::Step;
use capture::kernel::cost::Cost;
use serde_json::{Value, json};

/// How often it is looked: a load that lasts shorter is over before less could be read of it.
const LOOK: Duration = Duration::from_secs(1);
/// So many looks in a row must promise room before more is read again.
const CALM: u32 = 3;
/// More is read again where it would take no more than this share of what it may.
const ROOM: f64 = 0.7;
/// So many steps are told in each statistics; each was worth a line of its own when it was taken.
const STEPS: usize = 64;
/// So many of the processes that pay most are told.
const TOLD: usize = 10;
/// Less in all is not worth a line.
const NOTHING: Duration = Duration::from_millis(1);
/// A process that paid nothing for so many looks is forgotten.
const FORGOTTEN: u32 = 60;

/// What each process pays, and how much is read of it for that.
#[derive(Debug)]
pub(crate) struct Budget {
    /// The share of a core that watching may take of one process; `None`: any.
    limit: Option<f64>,
    processes: HashMap<u32, Paying>,
    taken: VecDeque<Taken>,
    looked: Instant,
}

/// A process that pays.
#[derive(Debug, Default)]
struct Paying {
    name: String,
    step: Step,
    /// What it paid in all.
    paid: Duration,
    /// The share of a core that it paid by the last look.
    share: f64,
    /// What a call cost it in nanoseconds at each step, as far as that was tried.
    prices: [Option<f64>; 4],
    calm: u32,
    silent: u32,
}

/// A step that was taken.
#[derive(Debug)]
struct Taken {
    pid: u32,
    name: String,
    from: Step,
    to: Step,
    share: f64,
}

impl Budget {
    /// Of so many percent of a core; `None`: it is shown what watching costs, and nothing is done about it.
    pub(crate) fn of(percent: Option<f64>) -> Self {
        let limit = percent.map(|percent| percent / 100.0);
        Budget { limit, processes: HashMap::new(), taken: VecDeque::new(), looked: Instant::now() }
    }

    /// Looks what was paid, when it is time, and reads less or more of whom it concerns.
    pub(crate) fn keep(&mut self, kernel: &mut Kernel) -> anyhow::Result<()> {
        let passed = self.looked.elapsed();
        if passed < LOOK {
            return Ok(());
        }
        self.looked = Instant::now();
        self.note(&kernel.costs()?, passed);
        let steps = self.decide();
        if !steps.is_empty() {
            kernel.step(&steps)?;
        }
        Ok(())
    }

    /// Notes what was paid since it was looked last, at the end.
    pub(crate) fn finish(&mut self, kernel: &mut Kernel) -> anyhow::Result<()> {
        self.note(&kernel.costs()?, self.looked.elapsed());
        Ok(())
    }

    /// Notes what was paid in the time that passed.
    fn note(&mut self, costs: &[Cost], passed: Duration) {
        for paying in self.processes.values_mut() {
            paying.share = 0.0;
            paying.silent += 1;
        }
        for cost in costs {
            let paying = self.processes.entry(cost.pid).or_default();
            if paying.name.is_empty() {
                paying.name = name(cost.pid).unwrap_or_default();
            }
            paying.share = cost.time.as_secs_f64() / passed.as_secs_f64();
            paying.paid += cost.time;
            paying.silent = 0;
            let price = per(cost.time.as_secs_f64() * 1e9, cost.calls);
            paying.hear(price, cost.calls, passed, self.limit);
        }
        for paying in self.processes.values_mut().filter(|paying| paying.silent > 0) {
            paying.calm += 1;
        }
        self.processes.retain(|_, paying| paying.step > Step::Whole || paying.silent < FORGOTTEN);
    }

    /// The steps to take now, and those of processes that are gone taken back.
    fn decide(&mut self) -> Vec<(u32, Step)> {
        let Some(limit) = self.limit else { return Vec::new() };
        let mut steps = Vec::new();
        for (pid, paying) in &mut self.processes {
            let from = paying.step;
            let to = match paying.share > limit {
                true => below(from),
                false if paying.calm >= CALM => above(from),
                false => from,
            };
            if to == from {
                continue;
            }
            if name(*pid).is_none() {
                // It is gone, and nobody reads less of it.
                (paying.step, paying.silent) = (Step::Whole, FORGOTTEN);
                steps.push((*pid, Step::Whole));
                continue;
            }
            (paying.step, paying.calm) = (to, 0);
            steps.push((*pid, to));
            let taken = Taken { pid: *pid, name: paying.name.clone(), from, to, share: paying.share };
            eprintln!("plainsight: {}", taken.tell(limit));
            if self.taken.len() >= STEPS {
                self.taken.pop_front();
            }
            self.taken.push_back(taken);
        }
        steps
    }

    /// Who paid most, in words, a line each; nothing where nobody paid a millisecond.
    pub(crate) fn tell(&self, kernel: &Kernel) -> String {
        let mut text = String::new();
        for (pid, Paying { name, paid, share, step, .. }) in self.dearest() {
            if *paid < NOTHING && *step == Step::Whole {
                continue;
            }
            let (share, step) = (share * 100.0, word(*step));
            _ = writeln!(
                text,
                "watching cost {name}[{pid}] {paid:.3?} of a core in all, now {share:.2} %; {step} of it is read"
            );
        }
        if !text.is_empty() && !kernel.is_timed() {
            text += "  without the time that our own programs take there, which only root may ask for\n";
        }
        text
    }

    /// The same as one JSON object, with the steps that were taken last.
    pub(crate) fn json(&self, kernel: &Kernel) -> Value {
        let Calibration { call, entry, leave, stepped } = kernel.calibration();
        let [call, entry, leave, stepped] =
            [call, entry, leave, stepped].map(|time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        let percent = |share: f64| (share * 1e4).round() / 100.0;
        let processes: Vec<_> = self
            .dearest()
            .map(|(pid, paying)| {
                json!({ "pid": pid, "name": paying.name, "seconds": paying.paid.as_secs_f64(), "percent": percent(paying.share), "read": word(paying.step) })
            })
            .collect();
        let taken = self.taken.iter().map(|taken| {
            let (from, to) = (word(taken.from), word(taken.to));
            json!({ "pid": taken.pid, "name": taken.name, "from": from, "to": to, "percent": percent(taken.share) })
        });
        let taken: Vec<_> = taken.collect();
        json!({
            "budget_percent": self.limit.map(percent), "processes": processes, "steps": taken, "timed": kernel.is_timed(),
            "hit_ns": { "call": call, "entry": entry, "return": leave, "stepped": stepped },
        })
    }

    fn dearest(&self) -> impl Iterator<Item = (&u32, &Paying)> {
        let mut all: Vec<_> = self.processes.iter().collect();
        all.sort_by_key(|(_, paying)| Reverse(paying.paid));
        all.into_iter().take(TOLD)
    }
}

impl Paying {
    /// Hears what a call cost, and whether the step above would leave room at so many calls.
    fn hear(&mut self, price: Option<f64>, calls: u64, passed: Duration, limit: Option<f64>) {
        if let (Some(now), Some(slot)) = (price, self.prices.get_mut(self.step as usize)) {
            *slot = Some(now);
        }
        let above = self.prices.get(above(self.step) as usize).copied().flatten();
        let promised = above.map(|price| price * calls as f64 / passed.as_secs_f64() / 1e9);
        let has_room = match (promised, limit) {
            (Some(promised), Some(limit)) => promised < limit * ROOM,
            (None, _) | (_, None) => true,
        };
        self.calm = if has_room { self.calm + 1 } else { 0 };
    }
}

impl Taken {
    fn tell(&self, limit: f64) -> String {
        let Taken { pid, name, from, to, share } = self;
        let (share, limit) = (share * 100.0, limit * 100.0);
        let why = if to > from { "more than" } else { "with room below" };
        let (from, to) = (word(*from), word(*to));
        format!(
            "watching costs {name}[{pid}] {share:.2} % of a core, {why} {limit} %: {to} of it is read instead of {from}"
        )
    }
}

fn per(time: f64, calls: u64) -> Option<f64> {
    (calls > 0).then(|| time / calls as f64)
}

fn below(step: Step) -> Step {
    match step {
        Step::Whole => Step::Heads,
        Step::Heads => Step::Sampled,
        Step::Sampled | Step::Counters => Step::Counters,
    }
}

fn above(step: Step) -> Step {
    match step {
        Step::Whole | Step::Heads => Step::Whole,
        Step::Sampled => Step::Heads,
        Step::Counters => Step::Sampled,
    }
}

/// What is read, in statistics.
fn word(step: Step) -> &'static str {
    match step {
        Step::Whole => "all",
        Step::Heads => "heads",
        Step::Sampled => "a sample",
        Step::Counters => "nothing",
    }
}

/// The name of a process; `None` when it is gone.
fn name(pid: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(name.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use capture::kernel::choice::Step;
    use capture::kernel::cost::Cost;

    use super::{Budget, CALM};

    /// Of a process that is there.
    const PID: u32 = 1;

    /// What one second of so many calls leads to, each at so many nanoseconds.
    fn second(budget: &mut Budget, calls: u64, each: u64) -> Vec<(u32, Step)> {
        let cost = Cost { pid: PID, calls, time: Duration::from_nanos(calls * each) };
        budget.note(&[cost], Duration::from_secs(1));
        budget.decide()
    }

    #[test]
    fn less_is_read_step_by_step_until_it_costs_no_more_than_it_may() {
        let mut budget = Budget::of(Some(3.0));
        assert_eq!(second(&mut budget, 10_000, 2_000), []);
        assert_eq!(second(&mut budget, 40_000, 2_000), [(PID, Step::Heads)]);
        assert_eq!(second(&mut budget, 40_000, 1_500), [(PID, Step::Sampled)]);
        assert_eq!(second(&mut budget, 40_000, 500), []);
        assert_eq!(second(&mut budget, 100_000, 500), [(PID, Step::Counters)]);
        assert_eq!(second(&mut budget, 1_000_000, 300), [], "there is no less than nothing");
    }

    #[test]
    fn more_is_read_again_once_the_load_would_let_it() {
        let mut budget = Budget::of(Some(3.0));
        second(&mut budget, 40_000, 2_000);
        for _ in 0..2 * CALM {
            assert_eq!(
                second(&mut budget, 40_000, 500),
                [],
                "the bodies of as many calls would cost too much"
            );
        }
        let back: Vec<_> = (0..CALM).flat_map(|_| second(&mut budget, 5_000, 500)).collect();
        assert_eq!(back, [(PID, Step::Whole)]);
    }

    #[test]
    fn a_process_that_falls_silent_is_read_whole_again() {
        let mut budget = Budget::of(Some(3.0));
        second(&mut budget, 40_000, 2_000);
        let back: Vec<_> = (0..CALM)
            .flat_map(|_| {
                budget.note(&[], Duration::from_secs(1));
                budget.decide()
            })
            .collect();
        assert_eq!(back, [(PID, Step::Whole)]);
    }

    #[test]
    fn without_a_limit_nothing_is_done_about_it() {
        let mut budget = Budget::of(None);
        assert_eq!(second(&mut budget, 1_000_000, 2_000), []);
        assert_eq!(budget.dearest().map(|(_, paying)| paying.share).collect::<Vec<_>>(), [2.0]);
    }
}
