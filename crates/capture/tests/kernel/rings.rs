//! Programs that move bytes by io_uring, against what they say of it.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use capture::kernel::{Options, Pipes};
use model::conn::{Layer, Speaker, Transport};
use model::event::{Cause, Opened};

use super::{Talk, accounts_hold, balances, hear_out, kernel, sockets_agree, words};

/// What the program says by the ring when it is not told otherwise.
const SAID: &str = "send;write;writev;sendmsg;write_fixed;send_zc;";
/// What it hears.
const HEARD: &str = "recv;read;readv;recvmsg;read_fixed;peek;";

/// The example that cargo builds beside the tests.
fn talker() -> PathBuf {
    let own = std::env::current_exe().expect("the test's own path");
    own.parent().and_then(|folder| folder.parent()).expect("cargo's folders").join("examples/uring_talk")
}

fn talking(kind: &str) -> Child {
    Command::new(talker())
        .arg(kind)
        .stdout(Stdio::piped())
        .spawn()
        .expect("`cargo build -p capture --examples`")
}

/// It is over too soon for more to be known of it than its number.
fn is_of(opened: &Opened, pid: u32) -> bool {
    opened.process.as_ref().is_some_and(|process| process.pid == pid)
}

/// Everything is heard, as by system calls, and TCP counted the same.
fn is_heard(kind: &str, transport: Transport, said: &str, heard: &str) {
    let pipes = if transport == Transport::Pipe { Pipes::Heard } else { Pipes::Unheard };
    let Some(mut kernel) = kernel(&Options { pipes, ..Options::default() }) else { return };
    let child = talking(kind);
    let pid = child.id();
    let (talks, told) = hear_out(&mut kernel, child);
    assert_eq!(told, format!("{said}\t{heard}\n"), "the program says so");
    let fits = |opened: &Opened| is_of(opened, pid) && opened.transport == transport;
    assert_eq!(words(&talks, Layer::Wire, true, fits), said, "{talks:#?}");
    assert_eq!(words(&talks, Layer::Wire, false, fits), heard, "{talks:#?}");
    // It tells this test by a pipe, too.
    let tells = |fd| transport == Transport::Pipe && fd == 1;
    let ours: Vec<_> = talks.iter().filter(|(conn, talk)| fits(&talk.opened[0]) && !tells(conn.fd)).collect();
    assert_eq!(ours.len(), 2, "both ends are known: {ours:#?}");
    // Also where a thread of the kernel's did the work.
    assert!(ours.iter().all(|(conn, _)| conn.tgid == pid), "{ours:#?}");
    // A ring does not say by which descriptor it used a pipe, whose closing is not seen then.
    let is_over = |talk: &Talk| talk.closed.is_some() || transport == Transport::Pipe;
    assert!(ours.iter().all(|(_, talk)| is_over(talk) && talk.lost.is_empty()), "{ours:#?}");
    accounts_hold(&talks);
    if transport == Transport::Tcp {
        ours.into_iter().for_each(|(_, talk)| sockets_agree(talk));
    }
    balances(kernel);
}

#[test]
fn every_operation_is_heard() {
    is_heard("plain", Transport::Tcp, SAID, HEARD);
}

#[test]
fn every_operation_is_heard_on_a_unix_socket() {
    is_heard("unix", Transport::Unix, SAID, HEARD);
}

#[test]
fn a_pipe_is_heard() {
    is_heard("pipe", Transport::Pipe, "write;", "");
}

/// Nobody calls the kernel: a thread of it looks at the ring.
#[test]
fn what_a_polling_thread_moves_is_its_owners() {
    is_heard("poll", Transport::Tcp, SAID, HEARD);
}

#[test]
fn what_a_worker_moves_is_its_owners() {
    is_heard("worker", Transport::Tcp, SAID, HEARD);
}

/// The socket has a place in the ring's own table, which is no descriptor.
#[test]
fn a_socket_without_a_descriptor_is_heard() {
    is_heard("table", Transport::Tcp, SAID, HEARD);
}

/// One request has many answers, each in a buffer that the kernel takes.
#[test]
fn each_of_many_answers_is_heard() {
    is_heard("many", Transport::Tcp, SAID, "first;second;third, which is told of by the same request;");
}

/// What only the ring knows the place of, or nobody is told of, is lost in the open.
fn is_lost(kind: &str, lost: (Speaker, u64), heard: (bool, &str)) {
    let Some(mut kernel) = kernel(&Options::default()) else { return };
    let child = talking(kind);
    let pid = child.id();
    let (talks, _) = hear_out(&mut kernel, child);
    let ours: Vec<_> = talks.values().filter(|talk| is_of(&talk.opened[0], pid)).collect();
    let losses: Vec<_> = ours.iter().flat_map(|talk| &talk.lost).copied().collect();
    assert_eq!(losses, [(Layer::Wire, lost.0, lost.1, Cause::Unseen)], "{ours:#?}");
    assert_eq!(words(&talks, Layer::Wire, heard.0, |opened| is_of(opened, pid)), heard.1, "{talks:#?}");
    accounts_hold(&talks);
    ours.into_iter().for_each(sockets_agree);
    balances(kernel);
}

#[test]
fn an_answer_in_several_buffers_of_the_ring_is_told_as_unseen() {
    is_lost("bundle", (Speaker::Server, 192), (true, SAID));
}

#[test]
fn what_was_lent() {
    is_heard("lent", Transport::Tcp, SAID, "lent to read;lent;");
}

#[test]
fn what_is_sent_without_an_answer_is_told_as_unseen() {
    is_lost("quiet", (Speaker::Client, 8), (true, "heard;"));
}
