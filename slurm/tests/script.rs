//! Whole scripts: their text, and what a real shell makes of it.

#![expect(clippy::unwrap_used, reason = "everything here is a test")]

use std::collections::BTreeMap;
use std::process::Command;

use slurm::job_id::JobNumber;
use slurm::resources::Resources;
use slurm::script::{
    Argument, CommandLine, Container, Dependency, DependencyKind, Environment, Header, Placement, SbatchScript,
    ScriptError, StartingPoint,
};

fn plain() -> SbatchScript {
    SbatchScript {
        header: Header {
            name: "report".parse().unwrap(),
            array: None,
            placement: Placement::default(),
            resources: Resources::default(),
            start: StartingPoint { directory: "/scratch".parse().unwrap(), logs: "/scratch/logs".parse().unwrap() },
            warning: None,
            requeue: false,
            dependency: None,
            comment: None,
            extra: Vec::new(),
        },
        environment: Environment::default(),
        command: CommandLine {
            container: None,
            program: "/usr/bin/printf".parse().unwrap(),
            arguments: vec![r"%s\0".into()],
        },
    }
}

fn full() -> SbatchScript {
    let mut script = plain();
    script.header = Header {
        name: "activations-1a2b3c4d-0-f00baa".parse().unwrap(),
        array: Some("0-63%16".parse().unwrap()),
        placement: Placement {
            account: Some("nlp".parse().unwrap()),
            partition: Some("gpu,long".parse().unwrap()),
            qos: Some("normal".parse().unwrap()),
            constraint: Some("a100&nvlink".parse().unwrap()),
            reservation: Some("study".parse().unwrap()),
            exclude: Some("node[1,3]".parse().unwrap()),
        },
        resources: Resources {
            nodes: "2".parse().unwrap(),
            time: Some("1d12h".parse().unwrap()),
            cpus: Some("4".parse().unwrap()),
            memory: Some("16G".parse().unwrap()),
            gres: "gpu:a100:1".parse().unwrap(),
        },
        start: StartingPoint {
            directory: "/scratch/it's #1".parse().unwrap(),
            logs: "/scratch/50% done/logs".parse().unwrap(),
        },
        warning: Some("USR2@120".parse().unwrap()),
        requeue: true,
        dependency: Dependency::on(DependencyKind::AfterAny, [JobNumber::new(41).unwrap()]),
        comment: Some("ein \"Kommentar\" \\ für $HOME".to_owned()),
        extra: vec!["--gres-flags=enforce-binding".parse().unwrap(), "--exclusive".parse().unwrap()],
    };
    script.environment = Environment {
        source: vec!["/etc/profile.d/lmod.sh".parse().unwrap()],
        modules: vec!["cuda/12.4".parse().unwrap()],
        variables: BTreeMap::from([("GREETING".parse().unwrap(), "it's $(id)".to_owned())]),
        scratch: Some("/local disk".parse().unwrap()),
    };
    script.command = CommandLine {
        container: Some(Container::Apptainer {
            image: "/images/seed bed.sif".parse().unwrap(),
            binds: vec!["/scratch".parse().unwrap()],
        }),
        program: "/opt/bin/train".parse().unwrap(),
        arguments: vec!["--index".into(), Argument::ArrayIndex],
    };
    script
}

#[test]
fn a_script_with_nothing_but_defaults() {
    insta::assert_snapshot!(plain().text().unwrap());
}

#[test]
fn a_script_with_everything() {
    insta::assert_snapshot!(full().text().unwrap());
}

#[test]
fn modules_alone_ask_for_a_login_shell_and_pyxis_for_srun() {
    let mut script = full();
    script.environment.source.clear();
    script.command.container = Some(Container::Pyxis {
        image: "docker://registry#team/image:1".parse().unwrap(),
        binds: vec!["/scratch".parse().unwrap(), "/data".parse().unwrap()],
    });
    script.command.arguments.extend([Argument::JobNumber, Argument::RestartCount]);
    insta::assert_snapshot!(script.text().unwrap());
}

#[test]
fn a_shell_runs_the_command_with_exactly_these_arguments() {
    let hostile = [
        "",
        " ",
        "a b",
        "$(touch /tmp/never)",
        "`id`",
        "it's",
        "\"",
        "\\",
        "line\nbreak",
        "é€",
        "-n",
        "*",
        "#SBATCH --wrap=x",
        "!!",
        "~",
        "a;b|c&d>e",
    ];
    let mut script = plain();
    script.header.array = Some("0-9".parse().unwrap());
    script.environment.variables = BTreeMap::from([("QUOTED".parse().unwrap(), hostile.join("\n"))]);
    let arguments = &mut script.command.arguments;
    arguments.extend(hostile.map(Argument::from));
    arguments.extend([Argument::ArrayIndex, Argument::JobNumber, Argument::RestartCount]);

    let output = Command::new("/bin/sh")
        .args(["-c", &script.text().unwrap()])
        .env_clear()
        .envs([("SLURM_ARRAY_TASK_ID", "7"), ("SLURM_JOB_ID", "41"), ("SLURM_ARRAY_JOB_ID", "40")])
        .output()
        .expect("sh starts");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut seen: Vec<&str> = text.split('\0').collect();
    assert_eq!(seen.pop(), Some(""));
    assert_eq!(seen, [hostile.as_slice(), &["7", "40", "0"]].concat());
}

#[test]
fn variables_reach_the_command_unchanged() {
    let value = "it's $HOME\n\"two\"\tlines \\ #";
    let mut script = plain();
    script.environment.variables = BTreeMap::from([("QUOTED".parse().unwrap(), value.to_owned())]);
    script.command.program = "/usr/bin/printenv".parse().unwrap();
    script.command.arguments = vec!["QUOTED".into()];
    let output = Command::new("/bin/sh").args(["-c", &script.text().unwrap()]).output().expect("sh starts");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{value}\n"));
}

#[test]
fn the_job_gets_a_folder_of_its_own_on_the_node() {
    let node = tempfile::Builder::new().prefix("it's a disk ").tempdir().unwrap();
    let mut script = plain();
    script.environment.scratch = Some(node.path().to_str().unwrap().parse().unwrap());
    script.command.program = "/usr/bin/printenv".parse().unwrap();
    script.command.arguments = vec!["TMPDIR".into(), "SEEDBED_SCRATCH".into()];
    let run = |script: &SbatchScript| {
        let text = script.text().unwrap();
        Command::new("/bin/sh").args(["-c", &text]).env("SLURM_JOB_ID", "41").output().expect("sh starts")
    };
    let seen = String::from_utf8(run(&script).stdout).unwrap();
    let [temporary, scratch] = seen.lines().collect::<Vec<_>>()[..] else { panic!("{seen}") };
    assert_eq!(temporary, scratch);
    assert!(scratch.starts_with(&format!("{}/job-41-", node.path().display())), "{scratch}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(scratch).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);

    let gone = node.path().join("gone");
    script.environment.scratch = Some(gone.to_str().unwrap().parse().unwrap());
    assert_eq!(run(&script).status.code(), Some(i32::from(slurm::script::SETUP_FAILED)));
}

#[test]
fn a_setup_that_fails_ends_the_script_with_its_own_code() {
    let mut script = plain();
    script.environment.source = vec!["/nonexistent/setup.sh".parse().unwrap()];
    let text = script.text().unwrap();
    let shell = text.lines().next().and_then(|line| line.strip_prefix("#!")).unwrap();
    let output = Command::new(shell).args(["-c", &text]).output().expect("the shell starts");
    assert_eq!(output.status.code(), Some(i32::from(slurm::script::SETUP_FAILED)));
    assert_eq!(output.stdout, b"");
}

#[test]
fn what_cannot_be_written_is_named() {
    let mut script = plain();
    script.header.comment = Some("two\nlines".to_owned());
    let error = script.text().unwrap_err();
    assert_eq!(error.to_string(), "option --comment cannot be written into a batch script");

    let mut script = plain();
    script.command.arguments.push(Argument::ArrayIndex);
    assert_eq!(script.text().unwrap_err(), ScriptError::NoArray);
}
