//! Short stories and minimal pairs from a small grammar.
