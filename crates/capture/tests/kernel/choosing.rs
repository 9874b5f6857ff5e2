//! Choosing in the kernel: what is asked for is told whole, and what is not costs no record.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use capture::kernel::choice::{Choice, Direction, Step};
use capture::kernel::{Kernel, Options};
use capture::source::Source as _;
use model::conn::{Layer, Role, Transport};
use model::event::{Cause, Joined, Opened, What};

use crate::{
    Talk, Talks, Watched, accounts_hold, balances, choosing, hear, hear_out, is_ours, kernel, program, words,
};

/// What is told of `talk.py tcp4` by this choice.
fn told(choice: &Choice) -> Option<(Watched, Talks, String)> {
    let mut kernel = choosing(&Options::default(), choice)?;
    let (talks, said) = hear(&mut kernel, program("talk.py", &["tcp4"]));
    Some((kernel, talks, said))
}

fn is_tcp(opened: &Opened) -> bool {
    is_ours(opened, "tcp4") && opened.transport == Transport::Tcp
}

/// All that both ends said is told.
fn assert_whole(choice: &Choice) {
    let Some((kernel, talks, said)) = told(choice) else { return };
    let (client, server) = said.trim_end_matches('\n').split_once('\t').expect("two words");
    assert_eq!(words(&talks, Layer::Wire, true, is_tcp), client, "{choice:?}");
    assert_eq!(words(&talks, Layer::Wire, false, is_tcp), server, "{choice:?}");
    balances(kernel);
}

/// Nothing of it is told, nor counted.
fn assert_nothing(choice: &Choice) {
    let Some((mut kernel, talks, _)) = told(choice) else { return };
    assert!(!talks.values().any(|talk| is_tcp(&talk.opened[0])), "{choice:?}:");
    kernel.end();
    let ledger = kernel.ledger().expect("the ledger");
    assert_eq!((ledger.seen_bytes, ledger.seen_calls), (0, 0), "nobody on this host is such: {ledger:?}");
}

/// The name that the kernel has of Python.
fn python() -> String {
    let told = Command::new("python3").args(["-c", "print(open('/proc/self/comm').read())"]).output();
    String::from_utf8(told.expect("python3").stdout).expect("a name").trim().to_owned()
}

/// No process has it: the kernel's own limit is below (`PID_MAX_LIMIT`).
const NOBODYS_PID: u32 = 1 << 23;
const NOBODYS_UID: u32 = 54_321;

#[test]
fn a_name_is_chosen() {
    assert_whole(&Choice { names: vec!["no-such-name".to_owned(), python()], ..Choice::default() });
    assert_nothing(&Choice { names: vec!["no-such-name".to_owned()], ..Choice::default() });
}

#[test]
fn a_user_is_chosen() {
    // By its name too: all that root does on this host would be told.
    assert_whole(&Choice { uids: vec![NOBODYS_UID, 0], names: vec![python()], ..Choice::default() });
    assert_nothing(&Choice { uids: vec![NOBODYS_UID], ..Choice::default() });
}

#[test]
fn a_process_is_chosen_with_what_it_starts() {
    assert_whole(&Choice { pids: vec![std::process::id()], ..Choice::default() });
    assert_nothing(&Choice { pids: vec![NOBODYS_PID], ..Choice::default() });
}

#[test]
fn all_that_is_asked_must_hold() {
    let choice = Choice { names: vec![python()], pids: vec![std::process::id()], ..Choice::default() };
    assert_whole(&choice);
    assert_nothing(&Choice { uids: vec![NOBODYS_UID], ..choice });
}

/// A program that talks to itself holds both ends, so that either way is its own.
#[test]
fn a_direction_is_chosen() {
    for direction in [Direction::Out, Direction::In] {
        let choice = Choice { direction: Some(direction), names: vec![python()], ..Choice::default() };
        assert_whole(&choice);
        assert_nothing(&Choice { names: vec!["no-such-name".to_owned()], ..choice });
    }
}

/// Whoever asks for the server's end alone must not lose what the client says, although its end came first.
#[test]
fn a_connection_is_wanted_for_either_of_its_ends() {
    let Some(mut kernel) = kernel(&Options::default()) else { return };
    let mut server =
        Command::new("python3").args(["-u", "-c", SERVER]).stdout(Stdio::piped()).spawn().expect("python3");
    kernel.choose(&Choice { pids: vec![server.id()], ..Choice::default() }).expect("a choice");
    let mut lines = BufReader::new(server.stdout.take().expect("its words"));
    let mut port = String::new();
    lines.read_line(&mut port).expect("a port");
    let client = Command::new("python3").args(["-c", CLIENT, port.trim()]).stdout(Stdio::piped()).spawn();
    let (talks, _) = hear(&mut kernel, client.expect("python3"));
    assert!(server.wait().expect("the server").success());
    let is_theirs =
        |opened: &Opened| opened.server.port().map(|port| port.to_string()).as_deref() == Some(port.trim());
    assert_eq!(words(&talks, Layer::Wire, true, is_theirs), "question", "{talks:#?}");
    assert_eq!(words(&talks, Layer::Wire, false, is_theirs), "answer", "{talks:#?}");
    let ends: Vec<&Talk> = talks.values().filter(|talk| is_theirs(&talk.opened[0])).collect();
    assert_eq!(ends.len(), 2, "both ends are told of: {ends:#?}");
    assert!(ends.iter().any(|talk| talk.opened[0].role == Role::Client), "{ends:#?}");
    balances(kernel);
}

const SERVER: &str = "
import socket
door = socket.create_server(('127.0.0.1', 0))
print(door.getsockname()[1])
s, _ = door.accept()
assert s.recv(100) == b'question'
s.sendall(b'answer')";

/// It reads when the server's end is gone.
const CLIENT: &str = "
import select, socket, sys
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
s.sendall(b'question')
gone = select.poll()
gone.register(s, select.POLLRDHUP)
gone.poll()
assert s.recv(100) == b'answer'";

/// Connections of the sampled program, and of how many one is read.
const CONNECTIONS: usize = 600;
const SAMPLE: u32 = 4;
/// How far from the middle the number of read connections may lie: five deviations of sqrt(n p (1 - p)), which is 10.6.
const DEVIATION: usize = 53;

#[test]
fn a_connection_is_sampled_whole_or_not_at_all() {
    let Some(mut kernel) = choosing(&Options::default(), &Choice { sample: SAMPLE, ..Choice::default() })
    else {
        return;
    };
    let (talks, _) = hear_out(&mut kernel, program("many.py", &[&CONNECTIONS.to_string()]));
    let is_many = |talk: &&Talk| {
        let process = talk.opened[0].process.as_ref();
        process.is_some_and(|process| process.command.contains("many.py"))
            && talk.opened[0].transport == Transport::Tcp
    };
    let ends: Vec<&Talk> = talks.values().filter(is_many).collect();
    let mut questions = 0;
    for talk in &ends {
        assert_eq!(talk.opened[0].weight, SAMPLE, "{talk:#?}");
        assert_eq!((talk.opened[0].joined, talk.lost.len()), (Joined::AtStart, 0), "{talk:#?}");
        questions += usize::from(talk.said.contains_key(&(Layer::Wire, true)));
    }
    let asked = words(&talks, Layer::Wire, true, |opened| opened.weight == SAMPLE);
    let answered = words(&talks, Layer::Wire, false, |opened| opened.weight == SAMPLE);
    assert_eq!(answered.matches("answer to question").count(), questions, "each question has its answer");
    assert!(asked.matches("question").count() >= questions);
    assert_eq!(ends.len(), questions * 2, "both ends of a connection drew the same lot");
    assert!(
        questions.abs_diff(CONNECTIONS / SAMPLE as usize) <= DEVIATION,
        "{questions} of {CONNECTIONS} were read"
    );
    let ledger = kernel.ledger().expect("the ledger");
    assert!(ledger.sampled_out > 0, "{ledger:?}");
    assert!(ledger.left_out_ends > 0, "{ledger:?}");
    accounts_hold(&talks);
    assert_eq!(ledger.seen_bytes, counted(&talks) + ledger.left_out_bytes, "{ledger:?}");
    assert_eq!(ledger.untold_ends, 0, "{ledger:?}");
    balances(kernel);
}

#[test]
fn what_is_over_the_rate_is_lost_in_the_open() {
    const RATE: u64 = 100_000;
    let Some(mut kernel) = choosing(&Options::default(), &Choice { rate: RATE, ..Choice::default() }) else {
        return;
    };
    let (talks, said) = hear_out(&mut kernel, program("flood.py", &["pair"]));
    let sent: u64 = said.trim().parse().expect("a number");
    let is_flood = |talk: &&Talk| {
        let process = talk.opened[0].process.as_ref();
        process.is_some_and(|process| process.command.contains("flood.py"))
    };
    let flood: Vec<&Talk> = talks.values().filter(is_flood).collect();
    let told: u64 = flood.iter().flat_map(|talk| talk.said.values()).map(|said| said.len() as u64).sum();
    let lost: u64 = flood.iter().flat_map(|talk| &talk.lost).map(|(_, _, length, _)| length).sum();
    assert!(
        flood.iter().flat_map(|talk| &talk.lost).all(|(_, _, _, cause)| *cause == Cause::Rate),
        "{flood:#?}"
    );
    assert_eq!(told + lost, sent, "each byte has its place");
    assert!(told >= RATE / 2 && told < sent / 2, "{told} of {sent} were told");
    accounts_hold(&talks);
    balances(kernel);
}

#[test]
fn another_choice_holds_at_once() {
    let ours = Choice { names: vec![python()], ..Choice::default() };
    let nobody = Choice { names: vec!["no-such-name".to_owned()], ..Choice::default() };
    let Some(mut kernel) = choosing(&Options::default(), &nobody) else { return };
    let mut steps = Steps::begin();
    for (choice, word, told) in [
        (&nobody, "one", &[][..]),
        (&ours, "two", &["opened Midway", "opened Midway", "two"]),
        (&nobody, "three", &["closed", "closed"]),
        (&ours, "four", &["four", "opened Midway", "opened Midway"]),
        (&nobody, "five", &["closed", "closed"]),
    ] {
        kernel.choose(choice).expect("a choice");
        assert_eq!(steps.say(&mut kernel, word), told, "{word}");
    }
    steps.end();
}

#[test]
fn what_a_step_leaves_out_is_told_as_a_hole_of_its_length() {
    let Some(mut kernel) = kernel(&Options::default()) else { return };
    let mut steps = Steps::begin();
    let pid = steps.child.id();
    assert_eq!(steps.say(&mut kernel, "one"), ["one", "opened AtStart", "opened AtStart"]);
    kernel.step(&[(pid, Step::Counters)]).expect("a step");
    for word in ["twenty-two", "three"] {
        assert!(steps.say(&mut kernel, word).is_empty(), "nothing is read, and nothing told yet");
    }
    kernel.step(&[(pid, Step::Whole)]).expect("a step");
    let told = steps.say(&mut kernel, "four");
    assert_eq!(told, ["four", "lost 15 budget", "opened Midway", "opened Midway"]);
    steps.end();
    balances(kernel);
}

/// All that the kernel counted of connections that were told.
fn counted(talks: &Talks) -> u64 {
    let sides = talks.values().filter_map(|talk| talk.counted.as_deref()).flatten();
    sides.map(|side| side.seen.iter().sum::<u64>()).sum()
}

/// `steps.py`, which says a word when it is told to.
struct Steps {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Steps {
    fn begin() -> Steps {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/steps.py");
        let mut python = Command::new("python3");
        python.arg(path).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = python.spawn().expect("python3");
        let lines = BufReader::new(child.stdout.take().expect("its words"));
        Steps { child, lines }
    }

    /// Has it say a word, and answers what the kernel told of it, sorted: of two ends either may be first.
    fn say(&mut self, kernel: &mut Kernel, word: &str) -> Vec<String> {
        let input = self.child.stdin.as_mut().expect("its input");
        input.write_all(format!("{word}\n").as_bytes()).expect("a step");
        self.lines.read_line(&mut String::new()).expect("an answer");
        let mut told = Vec::new();
        let mut pauses = 0;
        while pauses < 3 {
            if let Some(event) = kernel.next().expect("an event") {
                let is_account = matches!(event.what, What::Counted(_));
                if event.conn.tgid == self.child.id() && !is_account {
                    told.push(in_words(&event.what));
                }
            } else if kernel.is_drained() {
                pauses += 1;
            }
        }
        told.sort();
        told
    }

    fn end(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().expect("its end").success());
    }
}

fn in_words(what: &What<'_>) -> String {
    match what {
        What::Opened(opened) => format!("opened {:?}", opened.joined),
        What::Said(said) => String::from_utf8(said.bytes.to_vec()).expect("text"),
        What::Lost(lost) => format!("lost {} {}", lost.length, lost.cause.name()),
        What::Closed => "closed".to_owned(),
        What::Sealed { .. } | What::Secured(_) | What::Counted(_) => format!("{what:?}"),
    }
}

/// The collector's own sockets would feed on themselves.
#[test]
fn the_watching_process_is_never_watched() {
    let own = Choice { pids: vec![std::process::id()], ..Choice::default() };
    let Some(mut kernel) = choosing(&Options::default(), &own) else { return };
    let door = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut client = TcpStream::connect(door.local_addr().expect("an address")).expect("a connection");
    let (mut server, _) = door.accept().expect("a connection");
    client.write_all(b"to itself").expect("a write");
    let mut heard = [0; 9];
    server.read_exact(&mut heard).expect("a read");
    drop((client, server, door));
    // A child of its own is seen, so that the choice does hold.
    let (talks, _) = hear(&mut kernel, program("talk.py", &["tcp4"]));
    assert!(talks.values().any(|talk| is_tcp(&talk.opened[0])), "{talks:#?}");
    assert!(!talks.keys().any(|conn| conn.tgid == std::process::id()), "{talks:#?}");
    balances(kernel);
}
