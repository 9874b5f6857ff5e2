//! Recordings: what was written is what is read, and damage is found.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use capture::replay::recording::Recorder;
use capture::replay::{self, Options, Tally};
use capture::source::Source;
use model::conn::{Address, ConnId, Layer, Paired, Role, Speaker, Transport};
use model::event::{Cause, Counted, Event, Joined, Lost, Opened, Said, What};
use model::process::Process;
use model::time::Time;
use proptest::prelude::{ProptestConfig, any, prop, proptest};

fn opened() -> Opened {
    let process = Process {
        pid: 42,
        name: "psql".into(),
        exe: "/usr/bin/psql".into(),
        command: "psql shop".into(),
        uid: 1000,
        user: Some("app".into()),
        parents: vec!["bash".into(), "sshd".into()],
        ancestors: Vec::new(),
        container: None,
    };
    Opened {
        transport: Transport::Tcp,
        role: Role::Client,
        joined: Joined::Midway,
        client: Address::Inet("127.0.0.1:5000".parse().unwrap()),
        server: Address::Inet("[::1]:5432".parse().unwrap()),
        process: Some(Arc::new(process)),
        peer: Some(Box::new(ConnId { tgid: 7, fd: 8, generation: 9 })),
        weight: 10,
    }
}

fn unix() -> Opened {
    Opened {
        client: Address::Unknown,
        server: Address::Unix("@bus".into()),
        process: None,
        peer: None,
        weight: 1,
        ..opened()
    }
}

fn everything(long: &[u8]) -> Vec<What<'_>> {
    let mut all = vec![What::Opened(Arc::new(opened())), What::Opened(Arc::new(unix()))];
    for speaker in [Speaker::Client, Speaker::Server] {
        for layer in [Layer::Wire, Layer::Clear] {
            all.push(What::Said(Said { layer, speaker, offset: 1 << 40, bytes: b"SELECT 1" }));
            let lost = |cause| What::Lost(Lost { layer, speaker, offset: 9, length: 5, cause });
            all.extend(Cause::ALL.map(lost));
        }
        all.push(What::Sealed { speaker, length: u64::MAX });
    }
    all.extend([Paired::Certain, Paired::Likely, Paired::Guessed].map(What::Secured));
    let side = |socket| Counted { socket, before: 7, seen: [1 << 40, 2], twice: [3, 4] };
    all.push(What::Counted(Box::new([side(Some(u64::MAX)), side(None)])));
    all.push(What::Said(Said { layer: Layer::Clear, speaker: Speaker::Server, offset: 3, bytes: long }));
    all.push(What::Closed);
    all
}

fn recorded(directory: &Path, long: &[u8]) -> PathBuf {
    let path = directory.join("some.events");
    let mut recorder = Recorder::create(&path).unwrap();
    for (at, what) in everything(long).into_iter().enumerate() {
        let conn = ConnId { tgid: 1, fd: 2, generation: u64::MAX };
        recorder.record(&Event { at: Time(at as u64), conn, what }).unwrap();
    }
    recorder.finish().unwrap();
    path
}

/// Every event as text, and what was counted.
fn read(path: &Path) -> (Vec<String>, Tally) {
    let mut file = replay::open(path, &Options::default()).unwrap();
    let mut events = Vec::new();
    while let Some(event) = file.next().unwrap() {
        events.push(format!("{:?} {:?}", event.conn, event.what));
    }
    assert!(file.is_finished());
    (events, file.tally().clone())
}

#[test]
fn what_was_recorded_is_replayed() {
    let directory = tempfile::tempdir().unwrap();
    let long = vec![b'x'; 3 << 20];
    let path = recorded(directory.path(), &long);
    let (events, tally) = read(&path);
    let conn = ConnId { tgid: 1, fd: 2, generation: u64::MAX };
    let expected: Vec<_> = everything(b"").iter().map(|what| format!("{conn:?} {what:?}")).collect();
    let short = expected.len() - 2;
    assert_eq!(events[..short], expected[..short]);
    assert_eq!(events.len(), expected.len() + 2, "three megabytes are said in three pieces");
    assert!(tally.warnings().is_empty());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_cut_or_changed_recording_is_good_up_to_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = recorded(directory.path(), b"end");
    let (all, _) = read(&path);
    let file = std::fs::read(&path).unwrap();
    std::fs::write(&path, &file[..file.len() - 3]).unwrap();
    let (events, tally) = read(&path);
    assert_eq!((&events[..], tally.truncated > 0), (&all[..all.len() - 1], true));
    let mut changed = file.clone();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    std::fs::write(&path, &changed).unwrap();
    let (events, tally) = read(&path);
    assert_eq!((&events[..], tally.garbled), (&all[..all.len() - 1], true));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_body_panics(bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..140), 0..6), what in 0u8..8) {
        let mut file = b"\x89PSE\r\n\x1a\n\x02\0\0\0".to_vec();
        for mut body in bodies {
            if let Some(kind) = body.get_mut(24) { *kind = what; }
            file.extend((body.len() as u32).to_le_bytes());
            file.extend(crc32fast::hash(&body).to_le_bytes());
            file.extend(body);
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("any.events");
        std::fs::write(&path, file).unwrap();
        read(&path);
    }
}
