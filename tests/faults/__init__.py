"""Is really nothing lost and nothing written twice? Real processes, broken on purpose (issue 5, part 7)."""
