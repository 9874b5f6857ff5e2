//! Who and where: what an access says more once it is seen beside others.
#![forbid(unsafe_code)]

pub mod names;
