-- Settling is no load: it gets longer than the statements that are measured.
SET LOCAL statement_timeout = '20s'
