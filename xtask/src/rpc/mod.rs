//! Records fixtures of the protocols by which programs call each other.

mod dubbo;
mod fastcgi;
mod thrift;

use crate::Outcome;
use crate::keyvalue::record;
use crate::options::Options;

/// Records Dubbo.
pub(crate) fn dubbo(options: &Options) -> Outcome<()> {
    record(&dubbo::STORE, options)
}

/// Records FastCGI.
pub(crate) fn fastcgi(options: &Options) -> Outcome<()> {
    fastcgi::STORES.iter().try_for_each(|store| record(store, options))
}

/// Records Thrift.
pub(crate) fn thrift(options: &Options) -> Outcome<()> {
    thrift::STORES.iter().try_for_each(|store| record(store, options))
}
