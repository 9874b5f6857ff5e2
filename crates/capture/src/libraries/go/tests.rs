//! Tables of all ages, and programs that lie.

use proptest::prelude::{any, prop, proptest};

use super::*;

/// A program with three functions of 64 bytes from `TEXT` on, behind C's code.
const TEXT: u64 = 0x1000 + 3 * 16;
const NAMES: [&str; 4] = [WRITE, READ, CLOSE, TCP_WRITE];
/// `cmp rsp, [r14 + 16]`, `jbe` behind the `ret`, `ret`, and a return to the begin.
const FUNCTION: &[u8] = b"\x49\x3b\x66\x10\x76\x01\xc3\xeb\xf7";

struct Age {
    kind: u8,
    width: usize,
    told: u64,
}

const SINCE_1_20: Age = Age { kind: 0xf1, width: 4, told: TEXT };
const SINCE_1_27: Age = Age { kind: 0xf1, width: 4, told: 0 };
const OF_1_18: Age = Age { kind: 0xf0, width: 4, told: TEXT };
const OF_1_17: Age = Age { kind: 0xfa, width: 8, told: TEXT };

/// The table, as Go's linker writes it.
fn table(age: &Age) -> Vec<u8> {
    let names: Vec<u8> =
        [0].into_iter().chain(NAMES.iter().flat_map(|name| name.bytes().chain([0]))).collect();
    let words = if age.width == 4 { 8 } else { 7 };
    let header = 8 + words * 8;
    let functions = header + names.len();
    let number = |value: usize| value.to_le_bytes()[..age.width].to_vec();
    let base = if age.width == 4 { 0 } else { usize::try_from(TEXT).unwrap() };
    let (mut index, mut details) = (Vec::new(), Vec::new());
    let begin = (NAMES.len() * 2 + 1) * age.width;
    let mut name = 1_u32;
    for (at, its) in NAMES.iter().enumerate() {
        index.extend([number(base + at * 64), number(begin + details.len())].concat());
        details.extend([number(base + at * 64), name.to_le_bytes().to_vec()].concat());
        name += u32::try_from(its.len() + 1).unwrap();
    }
    index.extend(number(base + NAMES.len() * 64));
    let told = if age.width == 4 { vec![age.told] } else { Vec::new() };
    let places = [header, 0, 0, 0, functions].map(|place| place as u64);
    let header = [vec![NAMES.len() as u64, 0], told, places.to_vec()].concat();
    let header: Vec<u8> = header.into_iter().flat_map(u64::to_le_bytes).collect();
    [vec![age.kind, 0xff, 0xff, 0xff, 0, 0, 1, 8], header, names, index, details].concat()
}

/// An ELF file of `.text` and `.gopclntab`.
fn program(table: &[u8], function: &[u8]) -> Vec<u8> {
    let mut text = vec![0xcc; 3 * 16 + NAMES.len() * 64];
    for at in 0..NAMES.len() {
        let begin = 3 * 16 + at * 64;
        text[begin..begin + function.len()].copy_from_slice(function);
    }
    let names = b"\0.text\0.gopclntab\0.shstrtab\0";
    let mut file = vec![0; 64 + 56];
    let mut sections = vec![0_u8; 64];
    for (bytes, name, address) in [(&*text, 1_u32, 0x1000_u64), (table, 7, 0), (names.as_slice(), 18, 0)] {
        let place = [0, address, file.len() as u64, bytes.len() as u64].map(u64::to_le_bytes).concat();
        sections.extend([name.to_le_bytes(), 1_u32.to_le_bytes()].concat());
        sections.extend([place, vec![0; 24]].concat());
        file.extend(bytes);
    }
    let (begin, size) = (64_u64 + 56, text.len() as u64);
    file[..20].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0");
    file[32..40].copy_from_slice(&64_u64.to_le_bytes());
    let at = file.len() as u64;
    file[40..48].copy_from_slice(&at.to_le_bytes());
    file[54..64].copy_from_slice(&[56, 0, 1, 0, 64, 0, 4, 0, 3, 0]);
    let segment = [1 | 5 << 32, begin, 0x1000, 0x1000, size, size].map(u64::to_le_bytes).concat();
    file[64..64 + segment.len()].copy_from_slice(&segment);
    file.extend(sections);
    file
}

fn looked_at(file: &Vec<u8>) -> Result<Plan, Refusal> {
    look(&Elf::open(file).unwrap()).unwrap().expect("it carries crypto/tls")
}

#[test]
fn tables_of_all_ages_lead_to_the_same_places() {
    for age in [SINCE_1_20, SINCE_1_27, OF_1_18, OF_1_17] {
        let plan = looked_at(&program(&table(&age), FUNCTION)).unwrap();
        let at = |function: u64, within: u64| 64 + 56 + 3 * 16 + function * 64 + within;
        let places: Vec<_> =
            plan.functions.iter().map(|function| (function.purpose, function.offset)).collect();
        let tcp = |begin: i32| 3 * 64 - begin;
        let wanted = [
            (Purpose::GoWrite(tcp(4)), at(0, 4)),
            (Purpose::GoWritten, at(0, 6)),
            (Purpose::GoRead(tcp(64 + 4)), at(1, 4)),
            (Purpose::GoHasRead, at(1, 6)),
            (Purpose::GoClose, at(2, 4)),
        ];
        assert_eq!(places, wanted, "{:#x}, {} bytes", age.kind, age.width);
    }
}

#[test]
fn go_before_registers_is_dark() {
    let older = [STACK_ABI, b"\x48\x3b\x61\x10\xc3"].concat();
    assert_eq!(looked_at(&program(&table(&OF_1_17), &older)), Err(Refusal::StackAbi));
    let mut oldest = table(&OF_1_17);
    oldest[0] = 0xfb;
    assert_eq!(looked_at(&program(&oldest, FUNCTION)), Err(Refusal::StackAbi));
}

#[test]
fn code_that_is_not_as_it_is_known_is_dark() {
    let leaves = b"\x49\x3b\x66\x10\x76\x01\xc3\xeb\x7f";
    let never_returns = b"\x49\x3b\x66\x10\x76\x01\x90\xeb\xf7";
    let never_looks = b"\x49\x3b\x66\x18\x76\x01\xc3\xeb\xf7";
    for function in [leaves, never_returns, never_looks] {
        assert_eq!(looked_at(&program(&table(&SINCE_1_20), function)), Err(Refusal::Unclear));
    }
    let mut newer = table(&SINCE_1_20);
    newer[0] = 0xf2;
    assert_eq!(looked_at(&program(&newer, FUNCTION)), Err(Refusal::Unclear));
    let mut other = program(&table(&SINCE_1_20), FUNCTION);
    other[18] = 183;
    assert_eq!(looked_at(&other), Err(Refusal::Machine));
}

proptest! {
    #[test]
    fn a_damaged_table_is_survived(at in 0_usize..400, with in any::<[u8; 8]>(), cut in 0_usize..512) {
        let mut table = table(&SINCE_1_20);
        let at = at.min(table.len() - 8);
        table[at..at + 8].copy_from_slice(&with);
        table.truncate(table.len().saturating_sub(cut));
        let _ = look(&Elf::open(&program(&table, FUNCTION)).unwrap());
    }

    #[test]
    fn any_code_is_survived(function in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = looked_at(&program(&table(&SINCE_1_27), &function));
    }
}
