//! A program of the tests: moves known bytes on sockets by io_uring, in every way that it has, and says what it moved.
//!
//! `uring_talk KIND` talks to itself and prints what the client said, a tab, and what the server said.
//! `uring_talk serve` answers calls of HTTP until its input ends; `uring_talk call PORT PATH` makes one.
#![expect(unsafe_code, reason = "the kernel is given addresses")]

use std::error::Error;
use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd as _, RawFd};
use std::os::unix::net::UnixStream;
use std::thread;

use io_uring::squeue::{Entry, Flags};
use io_uring::types::{BufRingEntry, Fd, Fixed};
use io_uring::{IoUring, cqueue, opcode};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A page, which is what a ring of buffers must begin at.
const PAGE: usize = 4096;
/// Bytes of what is heard at once.
const LONGEST: u32 = 8192;
/// Bytes of each buffer that the kernel takes of a ring.
const ROOM: u32 = 64;
/// The same in memory.
const SIZE: usize = ROOM as usize;
/// Buffers of such a ring: a power of two.
const BUFFERS: u16 = 8;
const GROUP: u16 = 7;
/// What a program calls its requests.
const TOKEN: u64 = 0x0074_6f6b_656e;
/// IORING_CQE_F_MORE and IORING_CQE_BUFFER_SHIFT.
const MORE: u32 = 2;
const BUFFER_SHIFT: u32 = 16;

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve"] => serve(),
        ["call", port, path] => call(port.parse()?, path),
        ["pipe"] => pipe(),
        ["unix"] => {
            let (client, server) = UnixStream::pair()?;
            talk("plain", client.as_raw_fd(), server.as_raw_fd())
        }
        [kind] => {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            let client = TcpStream::connect(listener.local_addr()?)?;
            let (server, _) = listener.accept()?;
            talk(kind, client.as_raw_fd(), server.as_raw_fd())
        }
        _ => Err("uring_talk KIND | serve | call PORT PATH".into()),
    }
}

/// A ring with one buffer that it knows, used for one request after the other.
struct Ring {
    ring: IoUring,
    known: Vec<u8>,
    flags: Flags,
}

impl Ring {
    fn new(kind: &str, fd: RawFd) -> Outcome<Ring> {
        let ring =
            if kind == "poll" { IoUring::builder().setup_sqpoll(1000).build(8)? } else { IoUring::new(8)? };
        let known = vec![0; SIZE];
        let buffer = libc::iovec { iov_base: known.as_ptr().cast_mut().cast(), iov_len: SIZE };
        // SAFETY: the buffer lives as long as the ring.
        unsafe { ring.submitter().register_buffers(&[buffer])? };
        ring.submitter().register_files(&[fd])?;
        let flags = if kind == "worker" { Flags::ASYNC } else { Flags::empty() };
        Ok(Ring { ring, known, flags })
    }

    fn ask(&mut self, entry: Entry) -> Outcome<()> {
        // SAFETY: what the request points to outlives its answer, which is waited for where it is made.
        unsafe { self.ring.submission().push(&entry.flags(self.flags).user_data(TOKEN))? };
        self.ring.submit()?;
        Ok(())
    }

    fn answer(&mut self) -> Outcome<(usize, u32)> {
        loop {
            if let Some(answer) = self.ring.completion().next() {
                // What a send without a copy says once its buffer is free.
                if cqueue::notif(answer.flags()) {
                    continue;
                }
                let length = usize::try_from(answer.result());
                let length = length.map_err(|_| std::io::Error::from_raw_os_error(-answer.result()))?;
                return Ok((length, answer.flags()));
            }
            self.ring.submit_and_wait(1)?;
        }
    }

    fn run(&mut self, entry: Entry) -> Outcome<usize> {
        self.ask(entry)?;
        Ok(self.answer()?.0)
    }
}

/// The same request on a descriptor, or on a place of the ring's own table.
macro_rules! on {
    ($is_fixed:expr, $fd:expr, |$on:ident| $entry:expr) => {
        if $is_fixed {
            let $on = Fixed(0);
            $entry
        } else {
            let $on = Fd($fd);
            $entry
        }
    };
}

/// Through a pipe, as far as it goes.
fn pipe() -> Outcome<()> {
    let (reader, writer) = std::io::pipe()?;
    let (mut ring, said, mut room) = (Ring::new("plain", writer.as_raw_fd())?, b"write;", [0; 6]);
    ring.run(opcode::Write::new(Fd(writer.as_raw_fd()), said.as_ptr(), 6).build())?;
    ring.run(opcode::Read::new(Fd(reader.as_raw_fd()), room.as_mut_ptr(), 6).build())?;
    println!("{}\t", String::from_utf8_lossy(&room));
    Ok(())
}

/// The client says something in every way, the server answers, and the client hears that in every way.
fn talk(kind: &str, client: RawFd, server: RawFd) -> Outcome<()> {
    let mut asking = Ring::new(kind, client)?;
    let mut serving = Ring::new("plain", server)?;
    let is_fixed = kind == "table";
    let mut said = match kind {
        "quiet" => quiet(&mut asking, client)?,
        _ => say(&mut asking, client, is_fixed)?,
    };
    let mut room = vec![0; LONGEST as usize];
    let mut heard = Vec::new();
    while heard.len() < said.len() {
        let got = serving.run(opcode::Recv::new(Fd(server), room.as_mut_ptr(), LONGEST).build())?;
        heard.extend_from_slice(room.get(..got).ok_or("too much came")?);
    }
    assert_eq!(heard, said);
    let mut answer = |piece: &[u8]| {
        let length = u32::try_from(piece.len())?;
        serving.run(opcode::Send::new(Fd(server), piece.as_ptr(), length).build())
    };
    let answered = match kind {
        "many" => hear_many(&mut asking, client, &mut answer)?,
        "lent" => hear_lent(&mut asking, client, &mut answer)?,
        "bundle" => hear_bundle(&mut asking, client, &mut answer)?,
        _ => hear(&mut asking, client, is_fixed, &mut answer)?,
    };
    said.push(b'\t');
    said.extend_from_slice(&answered);
    println!("{}", String::from_utf8(said)?);
    Ok(())
}

fn say(ring: &mut Ring, fd: RawFd, is_fixed: bool) -> Outcome<Vec<u8>> {
    let mut said = Vec::new();
    let mut add = |piece: &[u8], moved: usize| {
        assert_eq!(piece.len(), moved);
        said.extend_from_slice(piece);
    };
    let piece = b"send;";
    add(piece, ring.run(on!(is_fixed, fd, |on| opcode::Send::new(on, piece.as_ptr(), 5).build()))?);
    let piece = b"write;";
    add(piece, ring.run(on!(is_fixed, fd, |on| opcode::Write::new(on, piece.as_ptr(), 6).build()))?);
    let vectors = [&b"wri"[..], b"", b"tev;"].map(vector);
    add(b"writev;", ring.run(on!(is_fixed, fd, |on| opcode::Writev::new(on, vectors.as_ptr(), 3).build()))?);
    // The message and its vector are of no more use to the kernel once the request is made, and of none to others then.
    {
        let mut vectors = [&b"send"[..], b"msg;"].map(vector);
        let mut message = message(&mut vectors);
        ring.ask(on!(is_fixed, fd, |on| opcode::SendMsg::new(on, &raw const message).build()))?;
        if ring.ring.params().is_setup_sqpoll() {
            add(b"sendmsg;", ring.answer()?.0);
            (message.msg_iov, vectors[0].iov_len) = (std::ptr::null_mut(), 0);
        } else {
            (message.msg_iov, vectors[0].iov_len) = (std::ptr::null_mut(), 0);
            add(b"sendmsg;", ring.answer()?.0);
        }
        std::hint::black_box((&message, &vectors));
    }
    let piece = b"write_fixed;";
    ring.known[..piece.len()].copy_from_slice(piece);
    let known = ring.known.as_ptr();
    add(piece, ring.run(on!(is_fixed, fd, |on| opcode::WriteFixed::new(on, known, 12, 0).build()))?);
    let piece = b"send_zc;";
    ring.known[..piece.len()].copy_from_slice(piece);
    let zero = on!(is_fixed, fd, |on| opcode::SendZc::new(on, known, 8).buf_index(Some(0)).build());
    // Unix sockets copy.
    let moved = ring.run(zero).or_else(|_| ring.run(opcode::Send::new(Fd(fd), known, 8).build()))?;
    add(piece, moved);
    Ok(said)
}

/// A send whose success is not told, and one whose is.
fn quiet(ring: &mut Ring, fd: RawFd) -> Outcome<Vec<u8>> {
    let flags = std::mem::replace(&mut ring.flags, Flags::SKIP_SUCCESS);
    ring.ask(opcode::Send::new(Fd(fd), b"unheard;".as_ptr(), 8).build())?;
    ring.flags = flags;
    ring.run(opcode::Send::new(Fd(fd), b"heard;".as_ptr(), 6).build())?;
    Ok(b"unheard;heard;".to_vec())
}

fn hear(
    ring: &mut Ring,
    fd: RawFd,
    is_fixed: bool,
    answer: &mut impl FnMut(&[u8]) -> Outcome<usize>,
) -> Outcome<Vec<u8>> {
    let mut heard = Vec::new();
    let mut room = [0u8; SIZE];
    for (turn, piece) in ["recv;", "read;", "readv;", "recvmsg;", "read_fixed;", "peek;"].iter().enumerate() {
        let mut vectors = [
            vector_mut(&mut room[..2]),
            libc::iovec { iov_base: (&raw mut room[2]).cast(), iov_len: SIZE - 2 },
        ];
        let mut message = message(&mut vectors);
        let at = room.as_mut_ptr();
        let known = ring.known.as_mut_ptr();
        // Half of them wait for what comes, the others find it there.
        if turn % 2 == 1 {
            answer(piece.as_bytes())?;
        }
        let entry = match turn {
            0 => on!(is_fixed, fd, |on| opcode::Recv::new(on, at, ROOM).build()),
            1 => on!(is_fixed, fd, |on| opcode::Read::new(on, at, ROOM).build()),
            2 => on!(is_fixed, fd, |on| opcode::Readv::new(on, vectors.as_ptr(), 2).build()),
            3 => on!(is_fixed, fd, |on| opcode::RecvMsg::new(on, &raw mut message).build()),
            4 => on!(is_fixed, fd, |on| opcode::ReadFixed::new(on, known, ROOM, 0).build()),
            _ => {
                // What is looked at only is not heard.
                let peek =
                    on!(is_fixed, fd, |on| opcode::Recv::new(on, at, ROOM).flags(libc::MSG_PEEK).build());
                ring.run(peek)?;
                on!(is_fixed, fd, |on| opcode::Recv::new(on, at, ROOM).build())
            }
        };
        ring.ask(entry)?;
        if turn % 2 == 0 {
            answer(piece.as_bytes())?;
        }
        let (got, _) = ring.answer()?;
        let from = if turn == 4 { &ring.known } else { &room[..] };
        assert_eq!(&from[..got], piece.as_bytes());
        heard.extend_from_slice(&from[..got]);
    }
    Ok(heard)
}

/// Buffers that the kernel takes one after the other.
fn lend(ring: &Ring) -> Outcome<*mut u8> {
    let size = 2 * PAGE;
    let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: memory of its own, which is never given back; its first page is the ring, its second the buffers.
    unsafe {
        let page = libc::mmap(std::ptr::null_mut(), size, access, kind, -1, 0);
        if page == libc::MAP_FAILED {
            return Err(std::io::Error::last_os_error().into());
        }
        let (entries, buffers) = (page.cast::<BufRingEntry>(), page.cast::<u8>().add(PAGE));
        ring.ring.submitter().register_buf_ring_with_flags(entries as u64, BUFFERS, GROUP, 0)?;
        for number in 0..BUFFERS {
            let entry = &mut *entries.add(number.into());
            entry.set_addr(buffers.add(usize::from(number) * SIZE) as u64);
            entry.set_len(ROOM);
            entry.set_bid(number);
        }
        BufRingEntry::tail(entries).cast_mut().write_volatile(BUFFERS);
        Ok(buffers)
    }
}

/// One request that is answered many times: at once, and when something comes.
fn hear_many(
    ring: &mut Ring,
    fd: RawFd,
    answer: &mut impl FnMut(&[u8]) -> Outcome<usize>,
) -> Outcome<Vec<u8>> {
    let buffers = lend(ring)?;
    let mut heard = Vec::new();
    answer(b"first;")?;
    ring.ask(opcode::RecvMulti::new(Fd(fd), GROUP).build())?;
    for piece in [&b"second;"[..], b"third, which is told of by the same request;", b""] {
        let (got, flags) = ring.answer()?;
        assert!(flags & MORE != 0, "it goes on");
        let number = (flags >> BUFFER_SHIFT) as usize;
        // SAFETY: the kernel wrote so many bytes into this buffer, and none since.
        heard.extend_from_slice(unsafe { std::slice::from_raw_parts(buffers.add(number * SIZE), got) });
        if !piece.is_empty() {
            answer(piece)?;
        }
    }
    Ok(heard)
}

/// Two answers, each in a buffer that the kernel takes when something comes.
fn hear_lent(
    ring: &mut Ring,
    fd: RawFd,
    answer: &mut impl FnMut(&[u8]) -> Outcome<usize>,
) -> Outcome<Vec<u8>> {
    lend(ring)?;
    let flags = std::mem::replace(&mut ring.flags, Flags::BUFFER_SELECT);
    answer(b"lent to read;")?;
    ring.run(opcode::Read::new(Fd(fd), std::ptr::null_mut(), ROOM).buf_group(GROUP).build())?;
    answer(b"lent;")?;
    ring.run(opcode::Recv::new(Fd(fd), std::ptr::null_mut(), ROOM).buf_group(GROUP).build())?;
    ring.flags = flags;
    Ok(b"lent to read;lent;".to_vec())
}

/// One answer in several buffers, of which nobody but the ring knows.
fn hear_bundle(
    ring: &mut Ring,
    fd: RawFd,
    answer: &mut impl FnMut(&[u8]) -> Outcome<usize>,
) -> Outcome<Vec<u8>> {
    lend(ring)?;
    let piece = [b'b'; 3 * SIZE];
    answer(&piece)?;
    let got = ring.run(opcode::RecvBundle::new(Fd(fd), GROUP).build())?;
    assert_eq!(got, piece.len());
    Ok(piece.to_vec())
}

fn vector(piece: &[u8]) -> libc::iovec {
    libc::iovec { iov_base: piece.as_ptr().cast_mut().cast(), iov_len: piece.len() }
}

fn vector_mut(piece: &mut [u8]) -> libc::iovec {
    libc::iovec { iov_base: piece.as_mut_ptr().cast(), iov_len: piece.len() }
}

fn message(vectors: &mut [libc::iovec]) -> libc::msghdr {
    // SAFETY: zeros are a message without anything.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = vectors.as_mut_ptr();
    message.msg_iovlen = vectors.len();
    message
}

/// Answers one call after the other, on connections that it accepts and hears by the ring; says its port first.
fn serve() -> Outcome<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{}", listener.local_addr()?.port());
    thread::spawn(|| {
        _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let mut saying = Ring::new("plain", listener.as_raw_fd())?;
    loop {
        let accept =
            opcode::Accept::new(Fd(listener.as_raw_fd()), std::ptr::null_mut(), std::ptr::null_mut());
        let fd = RawFd::try_from(saying.run(accept.build())?)?;
        let mut hearing = Ring::new("plain", fd)?;
        let buffers = lend(&hearing)?;
        hearing.ask(opcode::RecvMulti::new(Fd(fd), GROUP).build())?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let (got, flags) = hearing.answer()?;
            let number = (flags >> BUFFER_SHIFT) as usize;
            // SAFETY: as above.
            head.extend_from_slice(unsafe { std::slice::from_raw_parts(buffers.add(number * SIZE), got) });
        }
        let mut vectors =
            [vector(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"), vector(b"hello")];
        let answer = message(&mut vectors);
        saying.run(opcode::SendMsg::new(Fd(fd), &raw const answer).build())?;
        saying.run(opcode::Shutdown::new(Fd(fd), libc::SHUT_RDWR).build())?;
        saying.run(opcode::Close::new(Fd(fd)).build())?;
    }
}

/// One call; says its descriptor and the answer's last line.
fn call(port: u16, path: &str) -> Outcome<()> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    let mut ring = Ring::new("poll", stream.as_raw_fd())?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    ring.run(
        opcode::Write::new(Fd(stream.as_raw_fd()), request.as_ptr(), u32::try_from(request.len())?).build(),
    )?;
    let mut answer = Vec::new();
    let mut room = [0; LONGEST as usize];
    loop {
        let got = ring.run(opcode::Recv::new(Fixed(0), room.as_mut_ptr(), LONGEST).build())?;
        if got == 0 {
            break;
        }
        answer.extend_from_slice(&room[..got]);
    }
    println!(
        "{} {}",
        stream.as_raw_fd(),
        String::from_utf8_lossy(&answer).lines().last().unwrap_or_default()
    );
    Ok(())
}
