use std::any::type_name;
use std::collections::BTreeMap;
use std::mem::offset_of;

use tch::Kind;

use super::*;
use crate::nccl::communicator::Reduction;
use crate::nccl::element::data_type;
use crate::nccl::error::Fault;

/// Made from the header of the pinned release.
const FACTS: &str = include_str!("../../tests/nccl/facts.txt");

/// The rest of the lines that begin with `word`, by their first word.
fn facts(word: &str) -> BTreeMap<&'static str, &'static str> {
    let lines = FACTS.lines().filter_map(|line| line.strip_prefix(word)?.strip_prefix(' ')?.split_once(' '));
    lines.collect()
}

#[test]
fn numbers_are_those_of_the_header() {
    let constants = facts("constant");
    let number = |name: &str| constants[name].parse::<i64>().unwrap();
    assert_eq!(number("ncclSuccess"), i64::from(SUCCESS));
    assert_eq!(number("ncclInProgress"), i64::from(IN_PROGRESS));
    assert_eq!(number("NCCL_UNIQUE_ID_BYTES"), UNIQUE_ID_BYTES as i64);
    assert_eq!(number("NCCL_VERSION_CODE"), i64::from(HEADER_VERSION));
    assert_eq!(number("NCCL_CONFIG_UNDEF_INT"), i64::from(UNDEFINED));
    assert_eq!(number("magic"), i64::from(MAGIC));
    for (name, fault) in [
        ("ncclUnhandledCudaError", Fault::Cuda),
        ("ncclSystemError", Fault::System),
        ("ncclInternalError", Fault::Internal),
        ("ncclInvalidArgument", Fault::Argument),
        ("ncclInvalidUsage", Fault::Usage),
        ("ncclRemoteError", Fault::Remote),
        ("ncclInProgress", Fault::InProgress),
    ] {
        assert_eq!(Fault::of(number(name) as Outcome), fault, "{name}");
    }
    for (name, reduction) in
        [("ncclSum", Reduction::Sum), ("ncclMax", Reduction::Maximum), ("ncclMin", Reduction::Minimum)]
    {
        assert_eq!(number(name), reduction as i64, "{name}");
    }
    for (name, kind) in [
        ("ncclInt8", Kind::Int8),
        ("ncclUint8", Kind::Uint8),
        ("ncclInt32", Kind::Int),
        ("ncclInt64", Kind::Int64),
        ("ncclFloat16", Kind::Half),
        ("ncclFloat32", Kind::Float),
        ("ncclFloat64", Kind::Double),
        ("ncclBfloat16", Kind::BFloat16),
    ] {
        assert_eq!(data_type(kind).map(i64::from), Some(number(name)), "{name}");
    }
    assert_eq!(data_type(Kind::Bool), None);
}

#[test]
fn layouts_are_those_of_the_header() {
    macro_rules! fields {
        ($($field:ident = $name:literal),+ $(,)?) => {
            vec![$(($name, offset_of!(Configuration, $field), {
                let configuration = Configuration::without_blocking();
                size_of_val(&configuration.$field)
            })),+]
        };
    }
    let mut layouts =
        vec![("ncclUniqueId", 0, size_of::<RawUniqueId>()), ("ncclConfig_t", 0, size_of::<Configuration>())];
    layouts.extend(fields! {
        size = "ncclConfig_t.size", magic = "ncclConfig_t.magic", version = "ncclConfig_t.version",
        blocking = "ncclConfig_t.blocking", cga_cluster_size = "ncclConfig_t.cgaClusterSize",
        min_ctas = "ncclConfig_t.minCTAs", max_ctas = "ncclConfig_t.maxCTAs", net_name = "ncclConfig_t.netName",
        split_share = "ncclConfig_t.splitShare", traffic_class = "ncclConfig_t.trafficClass",
        comm_name = "ncclConfig_t.commName", collnet_enable = "ncclConfig_t.collnetEnable",
        cta_policy = "ncclConfig_t.CTAPolicy", shrink_share = "ncclConfig_t.shrinkShare",
        nvls_ctas = "ncclConfig_t.nvlsCTAs", n_channels_per_net_peer = "ncclConfig_t.nChannelsPerNetPeer",
        nvlink_centric_sched = "ncclConfig_t.nvlinkCentricSched",
    });
    let ours: BTreeMap<&str, String> =
        layouts.iter().map(|(name, offset, size)| (*name, format!("{offset} {size}"))).collect();
    let theirs: BTreeMap<&str, String> =
        facts("layout").into_iter().map(|(name, layout)| (name, layout.to_owned())).collect();
    assert_eq!(ours, theirs);
}

/// How Rust names a type of the header.
fn in_rust(kind: &str) -> &'static str {
    match kind {
        "const void*" => "*const core::ffi::c_void",
        "void*" | "ncclComm_t" | "cudaStream_t" => "*mut core::ffi::c_void",
        "size_t" => "usize",
        "int" | "ncclResult_t" | "ncclDataType_t" | "ncclRedOp_t" => "i32",
        "int*" | "ncclResult_t*" => "*mut i32",
        "ncclComm_t*" => "*mut *mut core::ffi::c_void",
        "ncclUniqueId" => "native::nccl::abi::RawUniqueId",
        "ncclUniqueId*" => "*mut native::nccl::abi::RawUniqueId",
        "ncclConfig_t*" => "*mut native::nccl::abi::Configuration",
        "const char*" => "*const i8",
        other => panic!("the header has a type that this test does not know: {other}"),
    }
}

fn name_of<T>(_: impl Fn(Functions) -> T) -> &'static str {
    type_name::<T>()
}

#[test]
fn functions_take_what_the_header_says() {
    let ours = [
        ("ncclGetVersion", name_of(|functions| functions.get_version)),
        ("ncclGetUniqueId", name_of(|functions| functions.get_unique_id)),
        ("ncclCommInitRankConfig", name_of(|functions| functions.init_rank)),
        ("ncclCommFinalize", name_of(|functions| functions.finalize)),
        ("ncclCommDestroy", name_of(|functions| functions.destroy)),
        ("ncclCommAbort", name_of(|functions| functions.abort)),
        ("ncclGetErrorString", name_of(|functions| functions.error_string)),
        ("ncclGetLastError", name_of(|functions| functions.last_error)),
        ("ncclCommGetAsyncError", name_of(|functions| functions.async_error)),
        ("ncclAllReduce", name_of(|functions| functions.all_reduce)),
        ("ncclBroadcast", name_of(|functions| functions.broadcast)),
    ];
    let theirs = facts("function");
    assert_eq!(theirs.len(), ours.len());
    for (name, found) in ours {
        let (arguments, result) = theirs[name].split_once(" -> ").unwrap();
        let arguments: Vec<&str> = arguments.trim_matches(['(', ')']).split(", ").map(in_rust).collect();
        let expected = format!("unsafe extern \"C\" fn({}) -> {}", arguments.join(", "), in_rust(result));
        assert_eq!(found, expected, "{name}");
    }
}
