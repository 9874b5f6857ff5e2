//! Whom the hooks reach: every process that maps a hooked file, or each of the few that are asked for.

use std::collections::HashSet;

use super::choice::Choice;
use super::processes::{has_begun_others, running};

/// As many processes are hooked one by one: each has links of its own for each hooked file.
const FEW: usize = 32;

/// Whom the hooks reach.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Whoever maps a file.
    Everyone,
    /// These, who are all that is asked for and have begun no others.
    Few(HashSet<u32>),
}

impl Reach {
    /// Whom a choice asks for, if those are few that begin no others.
    ///
    /// A hook of its own takes a process so long that the first calls of what it begins are over by then. Who has begun
    /// others will do so again; and who is watched from its start (`plainsight watch -- COMMAND`) is begun by the collector.
    pub(super) fn of(choice: &Choice) -> Reach {
        let pids: HashSet<u32> = choice.pids.iter().copied().collect();
        if pids.is_empty() || pids.len() > FEW || pids.contains(&std::process::id()) {
            return Reach::Everyone;
        }
        let parents = running();
        let is_alone = |pid: &u32| {
            parents.contains_key(pid)
                && !parents.values().any(|parent| parent == pid)
                && !has_begun_others(*pid)
        };
        if pids.iter().all(is_alone) { Reach::Few(pids) } else { Reach::Everyone }
    }

    /// Whether a process is one of the few.
    pub(super) fn is_few(&self, pid: u32) -> bool {
        matches!(self, Reach::Few(pids) if pids.contains(&pid))
    }

    /// The processes that are hooked one by one, and `anyone` where it is everybody.
    pub(super) fn whom(&self, anyone: i32) -> Vec<i32> {
        match self {
            Reach::Everyone => vec![anyone],
            Reach::Few(pids) => pids.iter().filter_map(|pid| i32::try_from(*pid).ok()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    fn of(pids: &[u32]) -> Reach {
        Reach::of(&Choice { pids: pids.to_vec(), ..Choice::default() })
    }

    #[test]
    fn the_collector_itself_nobody_and_who_is_gone_are_no_few() {
        for pids in [vec![], vec![std::process::id()], vec![u32::MAX]] {
            assert_eq!(of(&pids), Reach::Everyone, "{pids:?}");
        }
    }

    #[test]
    fn who_has_begun_others_is_no_few() {
        // `read` is the shell's own; `true` is another program, which has ended by the time that the shell says so.
        for (words, is_few) in [("echo; read x", true), ("/bin/true; echo; read x", false)] {
            let mut shell = Command::new("sh");
            shell.args(["-c", words]).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut shell = shell.spawn().expect("a shell");
            let mut told = std::io::BufReader::new(shell.stdout.take().expect("its words"));
            std::io::BufRead::read_line(&mut told, &mut String::new()).expect("a line");
            assert_eq!(matches!(of(&[shell.id()]), Reach::Few(_)), is_few, "{words}");
            drop(shell.stdin.take());
            shell.wait().expect("its end");
        }
    }
}
