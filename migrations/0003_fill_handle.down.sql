SELECT 1; -- rows keep their handle: v2 reads both columns
