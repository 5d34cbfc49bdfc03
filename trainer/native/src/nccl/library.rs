//! The loaded library.

use std::ffi::{CStr, CString, c_char, c_int};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

use super::abi::{Functions, Handle, Outcome, RawUniqueId, SUCCESS, UNIQUE_ID_BYTES};
use super::error::{Fault, NcclError};
use super::search::{self, LIBRARY, NAMED_VARIABLE};
use super::unique_id::UniqueId;
use crate::cuda;
use crate::libraries;

/// The first release with communicators that do not block.
const OLDEST: Version = Version { code: 21400 };

/// The version of a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    code: c_int,
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Since 2.9 a version is 10000·major + 100·minor + patch, before that 1000·major + 100·minor + patch.
        let thousands = if self.code < 10000 { 1000 } else { 10000 };
        write!(formatter, "{}.{}.{}", self.code / thousands, self.code % thousands / 100, self.code % 100)
    }
}

/// NCCL, loaded. Once loaded it stays so until the process ends.
#[derive(Debug, Clone)]
pub struct Nccl {
    pub(super) functions: Functions,
    path: Arc<Path>,
    version: Version,
}

impl Nccl {
    /// Loads NCCL: what libtorch's CUDA part has brought with it, else the file that `named` or the environment
    /// ([`NAMED_VARIABLE`]) names, else what lies beside libtorch or where the dynamic linker looks.
    ///
    /// Call it after [`crate::cuda::load`].
    ///
    /// # Errors
    /// When there is none or it cannot be used, with each place that was tried.
    pub fn load(named: Option<&Path>) -> Result<Self, NcclError> {
        let named = named.map(Path::to_owned).or_else(|| std::env::var_os(NAMED_VARIABLE).map(PathBuf::from));
        let mut tried = Vec::new();
        for path in search::candidates(libraries::loaded_from(LIBRARY), named, &search::torch_folders())? {
            match Self::open(&path) {
                Err(NcclError::Absent { tried: words }) => tried.extend(words),
                other => return other,
            }
        }
        Err(NcclError::Absent { tried })
    }

    /// Loads NCCL from a file.
    pub(super) fn open(path: &Path) -> Result<Self, NcclError> {
        // SAFETY: the file is NCCL by its name or by the user's word; its initialisers read the environment and no
        // more.
        let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }
            .map_err(|error| NcclError::Absent { tried: vec![cuda::describe(&error)] })?;
        // The functions must outlive every communicator: the library is never unloaded.
        let library = Box::leak(Box::new(library));
        // What the dynamic linker found by its name has a path of its own.
        let known = path.components().count() > 1;
        let path = if known { path.to_owned() } else { libraries::loaded_from(LIBRARY).unwrap_or(path.to_owned()) };
        let functions = functions(library, &path)?;
        let mut code = 0;
        // SAFETY: the pointer is valid for the call.
        let outcome = unsafe { (functions.get_version)(&raw mut code) };
        let nccl = Self { functions, path: path.into(), version: Version { code } };
        nccl.check("ncclGetVersion", outcome)?;
        if nccl.version < OLDEST || code >= 30000 {
            return Err(NcclError::Release { path: nccl.path.to_path_buf(), found: nccl.version });
        }
        Ok(nccl)
    }

    /// Its version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The file it was loaded from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A new name for a communicator, to be given to all its ranks. This process then listens for them.
    ///
    /// # Errors
    /// When no network interface can be used.
    pub fn unique_id(&self) -> Result<UniqueId, NcclError> {
        let mut raw = RawUniqueId { internal: [0; UNIQUE_ID_BYTES] };
        // SAFETY: the pointer is valid for the call.
        let outcome = unsafe { (self.functions.get_unique_id)(&raw mut raw) };
        self.check("ncclGetUniqueId", outcome)?;
        Ok(UniqueId::new(raw))
    }

    pub(super) fn check(&self, call: &'static str, outcome: Outcome) -> Result<(), NcclError> {
        if outcome == SUCCESS { Ok(()) } else { Err(self.failure(call, outcome, std::ptr::null_mut())) }
    }

    /// A failure with NCCL's words. `handle` may be null.
    pub(super) fn failure(&self, call: &'static str, outcome: Outcome, handle: Handle) -> NcclError {
        // SAFETY: any number may be asked about; the answer is a constant text.
        let words = unsafe { text((self.functions.error_string)(outcome)) }.unwrap_or_default();
        // SAFETY: NCCL does not look at the handle, for the text is the whole process's; it stays as it is until the
        // next failure.
        let last = unsafe { text((self.functions.last_error)(handle)) };
        NcclError::Failed { call, fault: Fault::of(outcome), words, last }
    }
}

/// A copy of a text of NCCL's on one line; nothing for none or an empty one.
///
/// # Safety
///
/// `pointer` is null or a zero-terminated text that stays as it is during the call.
unsafe fn text(pointer: *const c_char) -> Option<String> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: by the contract of this function.
    let text = unsafe { CStr::from_ptr(pointer) }.to_string_lossy();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}

fn functions(library: &Library, path: &Path) -> Result<Functions, NcclError> {
    /// The function of that name.
    ///
    /// # Safety
    ///
    /// `T` is the type of a pointer to a function with the arguments that the header gives it.
    unsafe fn symbol<T: Copy>(library: &Library, path: &Path, symbol: &'static str) -> Result<T, NcclError> {
        let name = CString::new(symbol).expect("invariant: names hold no zero");
        // SAFETY: by the contract of this function.
        unsafe { library.get::<T>(name.as_bytes_with_nul()) }
            .map(|found| *found)
            .map_err(|_| NcclError::Incomplete { path: path.to_owned(), symbol })
    }
    // SAFETY: the types in `Functions` are those of the header (`abi`), which have been the same since 2.14.
    unsafe {
        Ok(Functions {
            get_version: symbol(library, path, "ncclGetVersion")?,
            get_unique_id: symbol(library, path, "ncclGetUniqueId")?,
            init_rank: symbol(library, path, "ncclCommInitRankConfig")?,
            finalize: symbol(library, path, "ncclCommFinalize")?,
            destroy: symbol(library, path, "ncclCommDestroy")?,
            abort: symbol(library, path, "ncclCommAbort")?,
            error_string: symbol(library, path, "ncclGetErrorString")?,
            last_error: symbol(library, path, "ncclGetLastError")?,
            async_error: symbol(library, path, "ncclCommGetAsyncError")?,
            all_reduce: symbol(library, path, "ncclAllReduce")?,
            broadcast: symbol(library, path, "ncclBroadcast")?,
        })
    }
}
