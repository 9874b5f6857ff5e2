//! Prints where the functions of TLS libraries stand in their files: the purpose and the offset, one a line.

use std::error::Error;
use std::fs::File;
use std::path::Path;

use capture::libraries::resolve::{Verdict, resolve};

fn main() -> Result<(), Box<dyn Error>> {
    for path in std::env::args().skip(1) {
        let path = Path::new(&path);
        match resolve(&File::open(path)?, path, |_| None)? {
            Verdict::Hook(plan) => {
                for function in plan.functions {
                    println!("{:?} {}", function.purpose, function.offset);
                }
            }
            Verdict::Dark(stack, why) => eprintln!("{}: {stack} stays dark: {why}", path.display()),
            Verdict::Plain => eprintln!("{}: no TLS", path.display()),
        }
    }
    Ok(())
}
