//! Runs in a container, by the real Apptainer where `cargo verify` could lay it out; of Pyxis `containers.md` tells.

#![expect(clippy::unwrap_used, reason = "everything here is a test")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::programs::{ends, program};
use spec::status::Cause;

use crate::bench::{Bench, shared, wait};

/// What the trainer and its shell need.
const PROGRAMS: [&str; 4] = ["sh", "cat", "mv", "sleep"];
/// What only the image says.
const MARK: &str = "the image of the tests\n";

/// The folder in which Apptainer lies; none where this machine has none.
fn apptainer() -> Option<PathBuf> {
    let laid_out = program("seedbed").ancestors().nth(2)?.join("apptainer/usr/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain([laid_out]).find(|folder| folder.join("apptainer").is_file())
}

/// An image, as a folder, from programs of this machine and the libraries that they and `seedbed` want.
fn make_image(folder: &Path) {
    for empty in ["usr/bin", "etc", "dev", "proc", "sys", "tmp", "root", "var/tmp"] {
        fs::create_dir_all(folder.join(empty)).unwrap();
    }
    for name in ["hosts", "localtime", "resolv.conf", "passwd", "group"] {
        fs::write(folder.join("etc").join(name), "").unwrap();
    }
    std::os::unix::fs::symlink("usr/bin", folder.join("bin")).unwrap();
    let mut wanted = vec![program("seedbed")];
    for name in PROGRAMS {
        fs::copy(Path::new("/bin").join(name), folder.join("usr/bin").join(name)).unwrap();
        wanted.push(Path::new("/bin").join(name));
    }
    let said = ends(0, {
        let mut ldd = Command::new("ldd");
        ldd.args(wanted);
        ldd
    });
    let is_library = |word: &&str| word.starts_with("/lib");
    for library in said.split_ascii_whitespace().map(|word| word.trim_end_matches(':')).filter(is_library) {
        let copy = folder.join(library.trim_start_matches('/'));
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(library, copy).unwrap();
    }
    fs::write(folder.join("mark"), MARK).unwrap();
}

#[test]
fn runs_are_carried_out_in_a_container_and_go_on_there_after_a_warning() {
    let Some(apptainer) = apptainer() else {
        // Not by a macro, which the harness would keep to itself.
        let _ = writeln!(std::io::stderr(), "NOT TESTED: no container, for this machine has no apptainer");
        return;
    };
    let bench = Bench::new(shared(), "contained", 1, 1);
    make_image(&bench.path("image"));
    let trainer = fs::read_to_string(bench.path("train it.sh")).unwrap();
    bench.write("train it.sh", &format!("cat /mark > where\n{trainer}"));
    // As a module of the site would do it.
    bench.write("module.sh", &format!("export PATH={}:$PATH\n", apptainer.display()));
    let programs = program("seedbed").parent().unwrap().display().to_string();
    let site = format!(
        "[environment]\nsource = ['{0}/module.sh']\n[container]\nruntime = 'apptainer'\nimage = '{0}/image'\n\
         binds = ['{0}', '{programs}']\n",
        bench.path("").display().to_string().trim_end_matches('/')
    );
    fs::create_dir(bench.path("sites")).unwrap();
    bench.write("sites/boxed.toml", &site);
    let command = |arguments: &[&str]| {
        let mut command = bench.command(arguments);
        command.env("SEEDBED_SITES", bench.path("sites"));
        command
    };

    bench.hold_up();
    ends(0, command(&["submit", "--site", "boxed"]));
    let task = bench.task_in("RUNNING");
    bench.has_begun(&task);
    bench.slurm("scancel", &["--signal=USR2", "--batch", &task]);
    wait("the run has left a checkpoint", || {
        bench.records().iter().any(|run| run.attempts[0].cause == Some(Cause::Checkpointed))
    });
    bench.let_go();
    ends(0, command(&["watch", "--every", "1", "--site", "boxed"]));
    bench.assert_done(false);
    let layout = bench.layout();
    let attempts = bench.records().iter().map(|run| run.attempts.len()).sum::<usize>();
    assert_eq!(attempts, 5, "{:?}", bench.records());
    for run in bench.records() {
        assert_eq!(fs::read_to_string(layout.run(run.run).directory().join("where")).unwrap(), MARK);
    }
}
