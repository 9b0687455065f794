// What all tests run with: journals are demonstrations unless a test says otherwise, so that each has a key and nobody is asked for its backup.
process.env['DIRECT_JOURNAL_DEMO'] ??= '1';
