/// What a database holds that neither the server nor an extension has made; five are enough to refuse.
///
/// Of every kind that somebody may have nowhere else: whoever is told that a database was empty may drop it. What lives on
/// a table, and privileges, are not looked for besides.
let occupantsQuery = """
    WITH spaces AS (
      SELECT oid, nspname AS name FROM pg_catalog.pg_namespace
      WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg\\_%'),
    inside(class, oid, schema, word, name) AS (
      SELECT 'pg_class', oid, relnamespace, '', relname FROM pg_catalog.pg_class
        WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
      UNION ALL SELECT 'pg_proc', oid, pronamespace, '', proname || '()' FROM pg_catalog.pg_proc
      UNION ALL SELECT 'pg_type', t.oid, t.typnamespace, 'type ', t.typname FROM pg_catalog.pg_type t
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c')
      UNION ALL SELECT 'pg_collation', oid, collnamespace, 'collation ', collname FROM pg_catalog.pg_collation
      UNION ALL SELECT 'pg_conversion', oid, connamespace, 'conversion ', conname FROM pg_catalog.pg_conversion
      UNION ALL SELECT 'pg_operator', oid, oprnamespace, 'operator ', oprname FROM pg_catalog.pg_operator
      UNION ALL SELECT 'pg_opfamily', oid, opfnamespace, 'operator family ', opfname FROM pg_catalog.pg_opfamily
      UNION ALL SELECT 'pg_ts_config', oid, cfgnamespace, 'text search configuration ', cfgname
        FROM pg_catalog.pg_ts_config
      UNION ALL SELECT 'pg_ts_dict', oid, dictnamespace, 'text search dictionary ', dictname FROM pg_catalog.pg_ts_dict
      UNION ALL SELECT 'pg_ts_parser', oid, prsnamespace, 'text search parser ', prsname FROM pg_catalog.pg_ts_parser
      UNION ALL SELECT 'pg_ts_template', oid, tmplnamespace, 'text search template ', tmplname
        FROM pg_catalog.pg_ts_template),
    beside(class, oid, name) AS (
      SELECT 'pg_namespace', oid, 'schema ' || name FROM spaces WHERE name <> 'public'
      UNION ALL SELECT 'pg_cast', oid, 'cast of ' || castsource::pg_catalog.regtype FROM pg_catalog.pg_cast
      UNION ALL SELECT 'pg_language', oid, 'language ' || lanname FROM pg_catalog.pg_language
      UNION ALL SELECT 'pg_am', oid, 'access method ' || amname FROM pg_catalog.pg_am
      UNION ALL SELECT 'pg_foreign_data_wrapper', oid, 'foreign-data wrapper ' || fdwname
        FROM pg_catalog.pg_foreign_data_wrapper
      UNION ALL SELECT 'pg_foreign_server', oid, 'server ' || srvname FROM pg_catalog.pg_foreign_server
      UNION ALL SELECT 'pg_publication', oid, 'publication ' || pubname FROM pg_catalog.pg_publication
      UNION ALL SELECT 'pg_event_trigger', oid, 'event trigger ' || evtname FROM pg_catalog.pg_event_trigger
      UNION ALL (SELECT 'pg_largeobject', oid, 'large object ' || oid FROM pg_catalog.pg_largeobject_metadata LIMIT 5)),
    mine(class, oid, name) AS (
      SELECT i.class, i.oid, i.word || s.name || '.' || i.name FROM inside i JOIN spaces s ON s.oid = i.schema
      UNION ALL SELECT class, oid, name FROM beside)
    SELECT name FROM mine
    WHERE (oid >= 16384 OR class = 'pg_largeobject')
      AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = ('pg_catalog.' || mine.class)::pg_catalog.regclass AND d.objid = mine.oid
          AND d.deptype = 'e')
    ORDER BY name LIMIT 5
    """
