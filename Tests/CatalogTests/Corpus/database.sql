-- Settings of the database that the corpus is loaded into, whatever its name.
DO $$ BEGIN
  EXECUTE format('ALTER DATABASE %I SET work_mem = ''9MB''', current_database());
  EXECUTE format('ALTER DATABASE %I SET search_path = shop, "$user", public', current_database());
  EXECUTE format('ALTER ROLE corpus_writer IN DATABASE %I SET statement_timeout = ''5min''', current_database());
  EXECUTE format('GRANT CREATE ON DATABASE %I TO corpus_owner', current_database());
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 42', current_database());
  EXECUTE format('COMMENT ON DATABASE %I IS ''a corpus''', current_database());
END $$;
