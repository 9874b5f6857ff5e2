//! The functions of real programs without symbols, and of those that cannot be told apart.

use std::fs::File;
use std::time::Instant;

use super::*;
use crate::libraries::decode::hook_point;
use crate::libraries::given::{called_in, room_around};
use crate::libraries::plan::Entry;
use crate::libraries::resolve::tests::file_of_wheel;

/// Where the functions stand in a file of a package, checked for what every one of them must be.
fn located_in(package: &str, name: &str) -> Option<(Located, Vec<u64>)> {
    let path = file_of_wheel(package, name)?;
    let file = File::open(&path).unwrap();
    let elf = Elf::open(&file).unwrap();
    let started = Instant::now();
    let located = locate(&elf).unwrap().unwrap_or_else(|| panic!("{} has none", path.display()));
    eprintln!("MEASURED: {} in {:?}: {located:x?}", path.display(), started.elapsed());
    let places = [located.read, located.write, located.handshake];
    for place in places {
        assert_eq!(hook_point(&elf, place), (place, Entry::Emulated), "{place:x} does not begin with a push");
    }
    let called = called_in(&elf, &(0..u64::MAX)).unwrap();
    Some((located, places.into_iter().filter(|place| called.contains(place)).collect()))
}

#[test]
fn a_stripped_modules_functions_are_found() {
    let Some((located, called)) = located_in("grpcio", "cygrpc") else { return };
    assert_eq!(called, [located.read, located.write, located.handshake], "somebody calls each of them");
}

#[test]
fn a_stripped_programs_functions_are_found() {
    let Some((located, called)) = located_in("envoy/envoy/_bin", "envoy") else { return };
    assert_eq!(called, [located.read, located.write, located.handshake], "somebody calls each of them");
}

/// Chromium is built without the table that says where functions begin.
#[test]
fn functions_are_found_by_who_calls_them() {
    let Some(path) = file_of_wheel("envoy/envoy/_bin", "envoy") else { return };
    let file = File::open(&path).unwrap();
    let elf = Elf::open(&file).unwrap();
    let source = path_ending(&elf, SOURCE).unwrap().unwrap();
    let raised = given(&elf, source, Argument::Fourth).unwrap();
    let starts = called_in(&elf, &room_around(&raised).unwrap()).unwrap();
    assert_eq!(located_among(&elf, &starts, source).unwrap(), locate(&elf).unwrap());
}

fn shape(at: u64, reasons: &[u32], calls: &[u64]) -> Shape {
    Shape {
        at,
        reasons: reasons.iter().copied().collect(),
        calls: calls.iter().copied().collect(),
        stores: false,
        is_plausible: true,
    }
}

const READ: u64 = 0x10;
const PEEK: u64 = 0x20;
const INNER: u64 = 0x30;
const WRITE: u64 = 0x40;
const HANDSHAKE: u64 = 0x50;
const SHUTDOWN: u64 = 0x60;

/// The source file as BoringSSL has it, `SSL_peek` compiled into `SSL_read`.
fn shapes() -> Vec<Shape> {
    vec![
        Shape { stores: true, ..shape(READ, &[NOT_TO_BE_CALLED], &[INNER]) },
        shape(PEEK, &[NOT_TO_BE_CALLED], &[INNER]),
        Shape { stores: true, ..shape(INNER, &[HANDSHAKE_FAILURE, UNINITIALIZED], &[HANDSHAKE]) },
        shape(WRITE, &[BAD_LENGTH, HANDSHAKE_FAILURE, UNINITIALIZED, NOT_TO_BE_CALLED], &[HANDSHAKE]),
        shape(HANDSHAKE, &[CONNECTION_TYPE_NOT_SET], &[]),
        Shape { stores: true, ..shape(SHUTDOWN, &[UNINITIALIZED, 291], &[INNER]) },
    ]
}

const FOUND: Option<Located> = Some(Located { read: READ, write: WRITE, handshake: HANDSHAKE });

#[test]
fn reading_is_told_from_looking_ahead() {
    assert_eq!(choose(&shapes()), FOUND);
    let mut passing = shapes();
    passing[0] = Shape { stores: true, ..shape(READ, &[], &[PEEK]) };
    assert_eq!(choose(&passing), FOUND, "SSL_read calls SSL_peek");
}

#[test]
fn what_is_not_the_only_one_of_its_kind_is_not_taken() {
    for (at, calls) in [(0, INNER), (2, HANDSHAKE), (3, HANDSHAKE)] {
        let mut twice = shapes();
        let again: Vec<u32> = twice[at].reasons.iter().copied().collect();
        twice.push(Shape { stores: true, ..shape(0x70, &again, &[calls]) });
        assert_eq!(choose(&twice), None, "{:x} is there twice", twice[at].at);
    }
    for missing in 0..5 {
        let mut without = shapes();
        without.remove(missing);
        let still = if missing == 1 { FOUND } else { None };
        assert_eq!(choose(&without), still, "SSL_peek alone may be missing");
    }
    let mut broken = shapes();
    broken[3].is_plausible = false;
    assert_eq!(choose(&broken), None, "SSL_write does not begin like a function");
}
