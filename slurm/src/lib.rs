//! Slurm: scripts, array ranges, states and parsers.
