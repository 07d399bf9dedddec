--
-- PostgreSQL database dump
--


-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)
-- Dumped by pg_dump version 15.20 (Debian 15.20-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: dbos; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA dbos;


--
-- Name: enqueue_workflow(text, text, json[], json, text, text, text, text, bigint, bigint, text, integer, text, text, text, bigint, text); Type: FUNCTION; Schema: dbos; Owner: -
--

CREATE FUNCTION dbos.enqueue_workflow(workflow_name text, queue_name text, positional_args json[] DEFAULT ARRAY[]::json[], named_args json DEFAULT '{}'::json, class_name text DEFAULT NULL::text, config_name text DEFAULT NULL::text, workflow_id text DEFAULT NULL::text, app_version text DEFAULT NULL::text, timeout_ms bigint DEFAULT NULL::bigint, deadline_epoch_ms bigint DEFAULT NULL::bigint, deduplication_id text DEFAULT NULL::text, priority integer DEFAULT NULL::integer, queue_partition_key text DEFAULT NULL::text, authenticated_user text DEFAULT NULL::text, authenticated_roles text DEFAULT NULL::text, delay_until_epoch_ms bigint DEFAULT NULL::bigint, application_name text DEFAULT NULL::text) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_workflow_id TEXT;
    v_serialized_inputs TEXT;
    v_owner_xid TEXT;
    v_now BIGINT;
    v_recovery_attempts INT4 := 0;
    v_priority INT4;
    v_status TEXT;
BEGIN

    -- Validate required parameters
    IF workflow_name IS NULL OR workflow_name = '' THEN
        RAISE EXCEPTION 'Workflow name cannot be null or empty';
    END IF;
    IF queue_name IS NULL OR queue_name = '' THEN
        RAISE EXCEPTION 'Queue name cannot be null or empty';
    END IF;
    IF named_args IS NOT NULL AND jsonb_typeof(named_args::jsonb) != 'object' THEN
        RAISE EXCEPTION 'Named args must be a JSON object';
    END IF;
    IF workflow_id IS NOT NULL AND workflow_id = '' THEN
        RAISE EXCEPTION 'Workflow ID cannot be an empty string if provided.';
    END IF;
    IF delay_until_epoch_ms IS NOT NULL AND delay_until_epoch_ms < 0 THEN
        RAISE EXCEPTION 'delay_until_epoch_ms must be >= 0';
    END IF;

    v_workflow_id := COALESCE(workflow_id, gen_random_uuid()::TEXT);
    v_owner_xid := gen_random_uuid()::TEXT;
    v_priority := COALESCE(priority, 0);
    v_serialized_inputs := json_build_object(
        'positionalArgs', positional_args,
        'namedArgs', named_args
    )::TEXT;
    v_now := EXTRACT(epoch FROM now()) * 1000;
    v_status := CASE WHEN delay_until_epoch_ms IS NULL THEN 'ENQUEUED' ELSE 'DELAYED' END;

    INSERT INTO "dbos".workflow_status (
        workflow_uuid, status,
        name, class_name, config_name,
        queue_name, deduplication_id, priority, queue_partition_key,
        application_version,
        created_at, updated_at, recovery_attempts,
        workflow_timeout_ms, workflow_deadline_epoch_ms,
        parent_workflow_id, owner_xid, serialization,
        authenticated_user, authenticated_roles,
        delay_until_epoch_ms, application_name
    ) VALUES (
        v_workflow_id, v_status,
        workflow_name, class_name, config_name,
        queue_name, deduplication_id, v_priority, queue_partition_key,
        app_version,
        v_now, v_now, v_recovery_attempts,
        timeout_ms, deadline_epoch_ms,
        NULL, v_owner_xid, 'portable_json',
        authenticated_user, authenticated_roles,
        delay_until_epoch_ms, application_name
    )
    ON CONFLICT (workflow_uuid)
    DO UPDATE SET
        updated_at = EXCLUDED.updated_at;

    INSERT INTO "dbos".workflow_input (
        workflow_uuid, inputs, retention_timestamp
    ) VALUES (
        v_workflow_id, v_serialized_inputs, v_now
    )
    ON CONFLICT (workflow_uuid) DO NOTHING;

    RETURN v_workflow_id;

EXCEPTION
    WHEN unique_violation THEN
        RAISE EXCEPTION 'DBOS queue duplicated'
            USING DETAIL = format('Workflow %s with queue %s and deduplication ID %s already exists', v_workflow_id, queue_name, deduplication_id),
                ERRCODE = 'unique_violation';
END;
$$;


--
-- Name: notifications_function(); Type: FUNCTION; Schema: dbos; Owner: -
--

CREATE FUNCTION dbos.notifications_function() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    payload text := NEW.destination_uuid || '::' || NEW.topic;
BEGIN
    PERFORM pg_notify('dbos_notifications_channel', payload);
    RETURN NEW;
END;
$$;


--
-- Name: send_message(text, json, text, text); Type: FUNCTION; Schema: dbos; Owner: -
--

CREATE FUNCTION dbos.send_message(destination_id text, message json, topic text DEFAULT NULL::text, message_id text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_topic TEXT := COALESCE(topic, '__null__topic__');
    v_message_id TEXT := COALESCE(message_id, gen_random_uuid()::TEXT);
BEGIN
    INSERT INTO "dbos".notifications (
        destination_uuid, topic, message, message_uuid, serialization
    ) VALUES (
        destination_id, v_topic, message, v_message_id, 'portable_json'
    )
    ON CONFLICT (message_uuid) DO NOTHING;
EXCEPTION
    WHEN foreign_key_violation THEN
        RAISE EXCEPTION 'DBOS non-existent workflow'
            USING DETAIL = format('Destination workflow %s does not exist', destination_id),
                ERRCODE = 'foreign_key_violation';
END;
$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: application_versions; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.application_versions (
    version_id text NOT NULL,
    version_name text NOT NULL,
    version_timestamp bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    created_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    application_name text
);


--
-- Name: dbos_migrations; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.dbos_migrations (
    version bigint NOT NULL
);


--
-- Name: event_dispatch_kv; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.event_dispatch_kv (
    service_name text NOT NULL,
    workflow_fn_name text NOT NULL,
    key text NOT NULL,
    value text,
    update_seq numeric(38,0),
    update_time numeric(38,15)
);


--
-- Name: notifications; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.notifications (
    message_uuid text DEFAULT gen_random_uuid() NOT NULL,
    destination_uuid text NOT NULL,
    topic text,
    message text NOT NULL,
    created_at_epoch_ms bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    serialization text,
    consumed boolean DEFAULT false NOT NULL,
    consumed_by_function_id integer
);


--
-- Name: operation_outputs; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.operation_outputs (
    workflow_uuid text NOT NULL,
    function_id integer NOT NULL,
    function_name text DEFAULT ''::text NOT NULL,
    output text,
    error text,
    child_workflow_id text,
    started_at_epoch_ms bigint,
    completed_at_epoch_ms bigint,
    serialization text,
    application_name text,
    retention_timestamp bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL
);


--
-- Name: queues; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.queues (
    queue_id text DEFAULT (gen_random_uuid())::text NOT NULL,
    name text NOT NULL,
    concurrency integer,
    worker_concurrency integer,
    rate_limit_max integer,
    rate_limit_period_sec double precision,
    priority_enabled boolean DEFAULT false NOT NULL,
    partition_queue boolean DEFAULT false NOT NULL,
    polling_interval_sec double precision DEFAULT 1.0 NOT NULL,
    created_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    updated_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    application_name text,
    partition_concurrency integer,
    partition_worker_concurrency integer,
    partition_rate_limit_max integer,
    partition_rate_limit_period_sec double precision
);


--
-- Name: streams; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.streams (
    workflow_uuid text NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    "offset" integer NOT NULL,
    function_id integer DEFAULT 0 NOT NULL,
    serialization text
);


--
-- Name: workflow_events; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.workflow_events (
    workflow_uuid text NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    serialization text
);


--
-- Name: workflow_events_history; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.workflow_events_history (
    workflow_uuid text NOT NULL,
    function_id integer NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    serialization text
);


--
-- Name: workflow_input; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.workflow_input (
    workflow_uuid text NOT NULL,
    inputs text,
    retention_timestamp bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL
);


--
-- Name: workflow_output; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.workflow_output (
    workflow_uuid text NOT NULL,
    output text,
    error text,
    retention_timestamp bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL
);


--
-- Name: workflow_schedules; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.workflow_schedules (
    schedule_id text NOT NULL,
    schedule_name text NOT NULL,
    workflow_name text NOT NULL,
    workflow_class_name text,
    schedule text NOT NULL,
    status text DEFAULT 'ACTIVE'::text NOT NULL,
    context text NOT NULL,
    last_fired_at text,
    automatic_backfill boolean DEFAULT false NOT NULL,
    cron_timezone text,
    queue_name text,
    application_name text
);


--
-- Name: workflow_status; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.workflow_status (
    workflow_uuid text NOT NULL,
    status text,
    name text,
    authenticated_user text,
    assumed_role text,
    authenticated_roles text,
    request text,
    output text,
    error text,
    executor_id text,
    created_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    updated_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    application_version text,
    application_id text,
    class_name character varying(255) DEFAULT NULL::character varying,
    config_name character varying(255) DEFAULT NULL::character varying,
    recovery_attempts bigint DEFAULT 0,
    queue_name text,
    workflow_timeout_ms bigint,
    workflow_deadline_epoch_ms bigint,
    inputs text,
    started_at_epoch_ms bigint,
    deduplication_id text,
    priority integer DEFAULT 0 NOT NULL,
    queue_partition_key text,
    forked_from text,
    owner_xid text,
    parent_workflow_id text,
    serialization text,
    delay_until_epoch_ms bigint,
    was_forked_from boolean DEFAULT false NOT NULL,
    rate_limited boolean DEFAULT false NOT NULL,
    completed_at bigint,
    attributes jsonb,
    schedule_name text,
    debounce_deadline_epoch_ms bigint,
    is_debounced boolean DEFAULT false NOT NULL,
    application_name text,
    creator_xid text
);


--
-- Name: alembic_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);


--
-- Name: attempts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.attempts (
    id bigint NOT NULL,
    call_key text NOT NULL,
    at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    step text NOT NULL,
    asked text NOT NULL,
    status integer,
    answer text,
    next text,
    doubtful boolean NOT NULL
);


--
-- Name: attempts_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.attempts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: attempts_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.attempts_id_seq OWNED BY public.attempts.id;


--
-- Name: breakers; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.breakers (
    integration_id text NOT NULL,
    failures integer NOT NULL,
    opened_at double precision NOT NULL,
    open_until double precision NOT NULL
);


--
-- Name: budgets; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.budgets (
    name text NOT NULL,
    counts text NOT NULL,
    allowed integer,
    closed_until double precision NOT NULL
);


--
-- Name: calls; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.calls (
    key text NOT NULL,
    version integer NOT NULL,
    provider text NOT NULL,
    account text NOT NULL,
    call_id text NOT NULL,
    state text NOT NULL,
    reason text,
    record text NOT NULL,
    first_seen_at timestamp with time zone NOT NULL,
    over_at timestamp with time zone,
    started_at timestamp with time zone,
    direction text,
    line text,
    other text,
    outcome text,
    talk_seconds integer,
    run integer NOT NULL,
    queued_run integer NOT NULL,
    due_at timestamp with time zone,
    queued_at timestamp with time zone,
    tries integer DEFAULT 0 NOT NULL,
    tried_since timestamp with time zone,
    person_kind text,
    person_id text,
    person_name text,
    because text,
    event text,
    integration_id text,
    job_id text,
    posted_at timestamp with time zone,
    confirmed_at timestamp with time zone,
    event_id text,
    retries integer DEFAULT 0 NOT NULL,
    assigned_kind text,
    assigned_id text,
    link_version integer DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone NOT NULL
);


--
-- Name: hooks; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.hooks (
    id bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    provider text NOT NULL,
    account text NOT NULL,
    state text NOT NULL,
    kind text,
    call_key text,
    error text,
    method text NOT NULL,
    target text NOT NULL,
    headers text NOT NULL,
    body bytea NOT NULL
);


--
-- Name: hooks_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.hooks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: hooks_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.hooks_id_seq OWNED BY public.hooks.id;


--
-- Name: jobs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.jobs (
    name text NOT NULL,
    first_at timestamp with time zone NOT NULL,
    next_at timestamp with time zone NOT NULL,
    ran_at timestamp with time zone,
    held_by text,
    held_until timestamp with time zone
);


--
-- Name: leases; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.leases (
    name text NOT NULL,
    held_until timestamp with time zone NOT NULL
);


--
-- Name: legs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.legs (
    leg_key text NOT NULL,
    call_key text NOT NULL
);


--
-- Name: new_leads; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.new_leads (
    integration_id text NOT NULL,
    number text NOT NULL,
    call_key text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    request text NOT NULL,
    job_id text,
    lead_id text,
    failed text
);


--
-- Name: people; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.people (
    kind text NOT NULL,
    id text NOT NULL,
    integration_id text NOT NULL,
    property_id text,
    name text NOT NULL,
    number_1 text,
    number_2 text,
    is_active boolean NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    vendor text,
    application_id text
);


--
-- Name: reconciled_days; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.reconciled_days (
    account text NOT NULL,
    day date NOT NULL,
    done_at timestamp with time zone NOT NULL,
    tally text NOT NULL
);


--
-- Name: secrets; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.secrets (
    name text NOT NULL,
    value text NOT NULL
);


--
-- Name: syncs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.syncs (
    integration_id text NOT NULL,
    kind text NOT NULL,
    "position" integer NOT NULL,
    total integer NOT NULL,
    is_filled boolean NOT NULL,
    known_until timestamp with time zone NOT NULL,
    read_at timestamp with time zone NOT NULL,
    begun_at timestamp with time zone
);


--
-- Name: workers; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.workers (
    executor_id text NOT NULL,
    seen_at timestamp with time zone NOT NULL
);


--
-- Name: attempts id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.attempts ALTER COLUMN id SET DEFAULT nextval('public.attempts_id_seq'::regclass);


--
-- Name: hooks id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hooks ALTER COLUMN id SET DEFAULT nextval('public.hooks_id_seq'::regclass);


--
-- Data for Name: application_versions; Type: TABLE DATA; Schema: dbos; Owner: -
--

INSERT INTO dbos.application_versions VALUES ('fca20c4f-6c39-437d-b01a-1d6224ba4e35', '1', 1795867548582, 1795867548582, 'call-adapter');


--
-- Data for Name: dbos_migrations; Type: TABLE DATA; Schema: dbos; Owner: -
--

INSERT INTO dbos.dbos_migrations VALUES (125);


--
-- Data for Name: event_dispatch_kv; Type: TABLE DATA; Schema: dbos; Owner: -
--



--
-- Data for Name: notifications; Type: TABLE DATA; Schema: dbos; Owner: -
--



--
-- Data for Name: operation_outputs; Type: TABLE DATA; Schema: dbos; Owner: -
--



--
-- Data for Name: queues; Type: TABLE DATA; Schema: dbos; Owner: -
--

INSERT INTO dbos.queues VALUES ('b860bf07-ba61-4c57-a97d-005572045fc2', 'deliveries', NULL, 24, NULL, NULL, true, false, 0.1, 1795867548952, 1795867548818, 'call-adapter', NULL, NULL, NULL, NULL);


--
-- Data for Name: streams; Type: TABLE DATA; Schema: dbos; Owner: -
--



--
-- Data for Name: workflow_events; Type: TABLE DATA; Schema: dbos; Owner: -
--



--
-- Data for Name: workflow_events_history; Type: TABLE DATA; Schema: dbos; Owner: -
--



--
-- Data for Name: workflow_input; Type: TABLE DATA; Schema: dbos; Owner: -
--

INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000000000616e737765726564', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA0000000000000000616e737765726564",1]}', 1795867551231);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000000000006d6973736564', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA000000000000000000006d6973736564",1]}', 1795867551410);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000000000006c6561736564', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA000000000000000000006c6561736564",1]}', 1795867551790);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000006170706c6963616e74', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA000000000000006170706c6963616e74",1]}', 1795867551790);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000000000737472616e676572', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA0000000000000000737472616e676572",1]}', 1795867552292);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000007769746868656c64', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA00000000000000007769746868656c64",1]}', 1795867552292);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000756e617661696c61626c65', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA0000000000756e617661696c61626c65",1]}', 1795867552460);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000000000000000776f726473', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA0000000000000000000000776f726473",1]}', 1795867552460);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000000000007365636f6e64', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA000000000000000000007365636f6e64",1]}', 1795867552460);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000000000006d657869636f', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA000000000000000000006d657869636f",1]}', 1795867552460);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000766f6963656d61696c', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA00000000000000766f6963656d61696c",1]}', 1795867552730);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000000069676e6f726564', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA00000000000000000069676e6f726564",1]}', 1795867552730);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000000072696e67616c6c', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA00000000000000000072696e67616c6c",1]}', 1795867552914);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA00000000006c65677320706172656e74', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA00000000006c65677320706172656e74",1]}', 1795867553046);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000000072656675736564', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA00000000000000000072656675736564",1]}', 1795867555957);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000000000706f73746564', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA00000000000000000000706f73746564",1]}', 1795867556560);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000006e6577206c656164', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA00000000000000006e6577206c656164",1]}', 1795867557214);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000007265747279696e67', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA00000000000000007265747279696e67",1]}', 1795867558168);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000006e6577206c656164#2', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA00000000000000006e6577206c656164",2]}', 1795867558858);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000000000646f75627466756c', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA0000000000000000646f75627466756c",1]}', 1795867559369);
INSERT INTO dbos.workflow_input VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000000000646f75627466756c#2', '{"namedArgs":{},"positionalArgs":["twilio:AC00000000000000000000000000000001:CA0000000000000000646f75627466756c",2]}', 1795867562080);


--
-- Data for Name: workflow_output; Type: TABLE DATA; Schema: dbos; Owner: -
--

INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000000000616e737765726564', 'null', NULL, 1795867551717);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000000000006d6973736564', 'null', NULL, 1795867551868);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000006170706c6963616e74', 'null', NULL, 1795867552237);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000000000006c6561736564', 'null', NULL, 1795867552266);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000007769746868656c64', 'null', NULL, 1795867552610);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000000000737472616e676572', 'null', NULL, 1795867552651);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000756e617661696c61626c65', 'null', NULL, 1795867552822);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000000000006d657869636f', 'null', NULL, 1795867552839);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000000000000000776f726473', 'null', NULL, 1795867552881);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000000000007365636f6e64', 'null', NULL, 1795867552921);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000000069676e6f726564', 'null', NULL, 1795867552989);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000000072696e67616c6c', 'null', NULL, 1795867552992);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000766f6963656d61696c', 'null', NULL, 1795867553024);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA00000000006c65677320706172656e74', 'null', NULL, 1795867553228);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000000072656675736564', 'null', NULL, 1795867556377);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000000000706f73746564', 'null', NULL, 1795867556948);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000006e6577206c656164', 'null', NULL, 1795867557784);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000007265747279696e67', 'null', NULL, 1795867558826);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000006e6577206c656164#2', 'null', NULL, 1795867559484);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000000000646f75627466756c', 'null', NULL, 1795867559694);
INSERT INTO dbos.workflow_output VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000000000646f75627466756c#2', 'null', NULL, 1795867562408);


--
-- Data for Name: workflow_schedules; Type: TABLE DATA; Schema: dbos; Owner: -
--



--
-- Data for Name: workflow_status; Type: TABLE DATA; Schema: dbos; Owner: -
--

INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000000000616e737765726564', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867551231, 1795867551717, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867551315, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867551717, 'null', NULL, NULL, false, 'call-adapter', 'd6b8d582-bd79-41fb-9bd5-d6c67a1d8a4f');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000000000006d6973736564', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867551410, 1795867551868, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867551582, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867551868, 'null', NULL, NULL, false, 'call-adapter', '3859d4f4-f92f-465a-9ae9-3a024af2dd7c');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000006170706c6963616e74', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867551790, 1795867552237, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867552066, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867552237, 'null', NULL, NULL, false, 'call-adapter', '387ffd27-702b-4bb4-bd4c-18fa49ca9948');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000000000006c6561736564', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867551790, 1795867552266, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867552066, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867552266, 'null', NULL, NULL, false, 'call-adapter', '92c405aa-e31b-4088-bba2-36e4befbc967');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000007769746868656c64', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867552292, 1795867552610, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867552433, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867552610, 'null', NULL, NULL, false, 'call-adapter', 'f29353a0-4b6b-49b2-afef-313ea85fbc43');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000000000737472616e676572', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867552292, 1795867552651, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867552433, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867552651, 'null', NULL, NULL, false, 'call-adapter', '2e121e14-e4dc-413c-b058-ba5ec02318e8');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000756e617661696c61626c65', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867552460, 1795867552822, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867552698, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867552822, 'null', NULL, NULL, false, 'call-adapter', '6336fcda-f553-4cc8-b935-f41e276e4a23');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000000000006d657869636f', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867552460, 1795867552839, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867552698, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867552839, 'null', NULL, NULL, false, 'call-adapter', '1b100a23-b1be-4600-9acb-40c2e6840ae8');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000000000000000776f726473', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867552460, 1795867552881, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867552698, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867552881, 'null', NULL, NULL, false, 'call-adapter', '24a5235a-375e-4e93-83ca-f0bde9394973');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000000000007365636f6e64', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867552460, 1795867552921, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867552698, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867552921, 'null', NULL, NULL, false, 'call-adapter', 'e7248ef6-8da2-4296-999b-1c7771ffd22e');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000000069676e6f726564', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867552730, 1795867552989, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867552926, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867552989, 'null', NULL, NULL, false, 'call-adapter', 'f203cd27-dccd-4248-aa82-1bb6b08871e6');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000000072696e67616c6c', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867552914, 1795867552992, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867552926, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867552992, 'null', NULL, NULL, false, 'call-adapter', 'bece34d2-b1a1-4c94-9897-cb7515a9acd3');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000766f6963656d61696c', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867552730, 1795867553024, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867552926, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867553024, 'null', NULL, NULL, false, 'call-adapter', 'ed1c0335-82f9-4c00-92aa-89f07a77aaba');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA00000000006c65677320706172656e74', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867553046, 1795867553228, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867553080, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867553228, 'null', NULL, NULL, false, 'call-adapter', 'e55d829b-8d78-4baf-a636-7d112737da55');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000000072656675736564', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867555957, 1795867556377, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867556103, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867556377, 'null', NULL, NULL, false, 'call-adapter', '705db9c7-827d-49bc-89e0-73f8f75a713a');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000000000706f73746564', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867556560, 1795867556948, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867556712, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867556948, 'null', NULL, NULL, false, 'call-adapter', 'bc4932da-ff83-4def-9f48-ea3d031a2443');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000006e6577206c656164', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867557214, 1795867557784, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867557263, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867557784, 'null', NULL, NULL, false, 'call-adapter', '8b997bf3-afa1-4b25-aca0-d23ff011237d');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000007265747279696e67', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867558168, 1795867558826, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867558301, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867558826, 'null', NULL, NULL, false, 'call-adapter', 'fb6a6a40-1949-4b1c-84c6-ef99b7317ea0');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000006e6577206c656164#2', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867558858, 1795867559484, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867559159, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867559484, 'null', NULL, NULL, false, 'call-adapter', '164597af-89e6-4d3c-b869-a893f8133787');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000000000646f75627466756c', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867559369, 1795867559694, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867559479, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867559694, 'null', NULL, NULL, false, 'call-adapter', 'f0e9c6f0-91bb-42c9-b851-a8a21d59982c');
INSERT INTO dbos.workflow_status VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000000000646f75627466756c#2', 'SUCCESS', 'deliver', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:ba769c5e', 1795867562080, 1795867562408, '1', NULL, NULL, NULL, 1, 'deliveries', NULL, NULL, NULL, 1795867562143, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795867562408, 'null', NULL, NULL, false, 'call-adapter', 'a559a0ed-72cb-47e4-aadf-d7d6bdd814a8');


--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.alembic_version VALUES ('0001');


--
-- Data for Name: attempts; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.attempts VALUES (1, 'twilio:AC00000000000000000000000000000001:CA0000000000000000616e737765726564', '2026-11-28 12:05:51.537425+00', '2026-11-28 12:05:51.60166+00', 'post', 'POST /v1/events/leads', 200, 'accepted as job job_60d736a2d1c740c29f7351f790fad2e0', 'confirm', false);
INSERT INTO public.attempts VALUES (2, 'twilio:AC00000000000000000000000000000001:CA000000000000000000006d6973736564', '2026-11-28 12:05:51.780657+00', '2026-11-28 12:05:51.808389+00', 'post', 'POST /v1/events/leads', 200, 'accepted as job job_c73397cd36de4ce283a16a81d9ad3ece', 'confirm', false);
INSERT INTO public.attempts VALUES (3, 'twilio:AC00000000000000000000000000000001:CA000000000000006170706c6963616e74', '2026-11-28 12:05:52.189646+00', '2026-11-28 12:05:52.19792+00', 'post', 'POST /v1/events/applicants', 200, 'accepted as job job_e71ba045b9cd48c4b398c3b84ec51629', 'confirm', false);
INSERT INTO public.attempts VALUES (4, 'twilio:AC00000000000000000000000000000001:CA000000000000000000006c6561736564', '2026-11-28 12:05:52.188714+00', '2026-11-28 12:05:52.227093+00', 'post', 'POST /v1/events/leads', 200, 'accepted as job job_372d0ea4af7c42dca088c79aed56d635', 'confirm', false);
INSERT INTO public.attempts VALUES (5, 'twilio:AC00000000000000000000000000000001:CA0000000000000000737472616e676572', '2026-11-28 12:05:52.606931+00', '2026-11-28 12:05:52.610579+00', 'lookup', 'GET /v1/leads/?integration_id=int_entrata&phone_1=********99&limit=250&offset=0&order-by=updated_at:desc', 200, '0 found', NULL, false);
INSERT INTO public.attempts VALUES (6, 'twilio:AC00000000000000000000000000000001:CA0000000000000000737472616e676572', '2026-11-28 12:05:52.610701+00', '2026-11-28 12:05:52.615632+00', 'lookup', 'GET /v1/applicants/?integration_id=int_entrata&phone_1=********99&limit=250&offset=0&order-by=updated_at:desc', 200, '0 found', NULL, false);
INSERT INTO public.attempts VALUES (7, 'twilio:AC00000000000000000000000000000001:CA0000000000000000737472616e676572', '2026-11-28 12:05:52.615732+00', '2026-11-28 12:05:52.618455+00', 'lookup', 'GET /v1/residents/?integration_id=int_entrata&phone_1=********99&limit=250&offset=0&order-by=updated_at:desc', 200, '0 found', 'nobody with this number among the leads, applicants and residents', false);
INSERT INTO public.attempts VALUES (8, 'twilio:AC00000000000000000000000000000001:CA0000000000000000000000776f726473', '2026-11-28 12:05:52.809458+00', '2026-11-28 12:05:52.81665+00', 'lookup', 'GET /v1/leads/?integration_id=int_entrata&phone_1=********02&limit=250&offset=0&order-by=updated_at:desc', 200, '1 found', NULL, false);
INSERT INTO public.attempts VALUES (9, 'twilio:AC00000000000000000000000000000001:CA0000000000000000000000776f726473', '2026-11-28 12:05:52.816759+00', '2026-11-28 12:05:52.819796+00', 'lookup', 'GET /v1/applicants/?integration_id=int_entrata&phone_1=********02&limit=250&offset=0&order-by=updated_at:desc', 200, '0 found', NULL, false);
INSERT INTO public.attempts VALUES (10, 'twilio:AC00000000000000000000000000000001:CA0000000000000000000000776f726473', '2026-11-28 12:05:52.819857+00', '2026-11-28 12:05:52.83486+00', 'lookup', 'GET /v1/residents/?integration_id=int_entrata&phone_1=********02&limit=250&offset=0&order-by=updated_at:desc', 200, '0 found', 'nobody with this number among the leads, applicants and residents', false);
INSERT INTO public.attempts VALUES (11, 'twilio:AC00000000000000000000000000000001:CA000000000000000000007365636f6e64', '2026-11-28 12:05:52.812653+00', '2026-11-28 12:05:52.833122+00', 'lookup', 'GET /v1/leads/?integration_id=int_entrata&phone_1=********04&limit=250&offset=0&order-by=updated_at:desc', 200, '1 found', NULL, false);
INSERT INTO public.attempts VALUES (12, 'twilio:AC00000000000000000000000000000001:CA000000000000000000007365636f6e64', '2026-11-28 12:05:52.833341+00', '2026-11-28 12:05:52.841298+00', 'lookup', 'GET /v1/applicants/?integration_id=int_entrata&phone_1=********04&limit=250&offset=0&order-by=updated_at:desc', 200, '0 found', NULL, false);
INSERT INTO public.attempts VALUES (13, 'twilio:AC00000000000000000000000000000001:CA000000000000000000007365636f6e64', '2026-11-28 12:05:52.841417+00', '2026-11-28 12:05:52.861623+00', 'lookup', 'GET /v1/residents/?integration_id=int_entrata&phone_1=********04&limit=250&offset=0&order-by=updated_at:desc', 200, '0 found', 'nobody with this number among the leads, applicants and residents', false);
INSERT INTO public.attempts VALUES (14, 'twilio:AC00000000000000000000000000000001:CA00000000000000000072696e67616c6c', '2026-11-28 12:05:52.976079+00', '2026-11-28 12:05:52.987813+00', 'post', 'POST /v1/events/leads', 200, 'accepted as job job_eaaf93feddf64c6aaaf72d11d2bc6e50', 'confirm', false);
INSERT INTO public.attempts VALUES (15, 'twilio:AC00000000000000000000000000000001:CA00000000000000766f6963656d61696c', '2026-11-28 12:05:52.980268+00', '2026-11-28 12:05:53.00864+00', 'post', 'POST /v1/events/leads', 200, 'accepted as job job_b9d4d09bf71749a48a50ef015c3ca56c', 'confirm', false);
INSERT INTO public.attempts VALUES (16, 'twilio:AC00000000000000000000000000000001:CA00000000006c65677320706172656e74', '2026-11-28 12:05:53.195123+00', '2026-11-28 12:05:53.20569+00', 'post', 'POST /v1/events/leads', 200, 'accepted as job job_4da80e8171e74a51b7bdcd9b4ffb05d2', 'confirm', false);
INSERT INTO public.attempts VALUES (17, 'twilio:AC00000000000000000000000000000001:CA00000000000000000072656675736564', '2026-11-28 12:05:56.299332+00', '2026-11-28 12:05:56.369894+00', 'post', 'POST /v1/events/leads', 400, 'Propexo answered 400: injected 400', NULL, false);
INSERT INTO public.attempts VALUES (18, 'twilio:AC00000000000000000000000000000001:CA00000000000000000000706f73746564', '2026-11-28 12:05:56.8461+00', '2026-11-28 12:05:56.89446+00', 'post', 'POST /v1/events/leads', 200, 'accepted as job job_8c9feab926ae4c54bf3a0cb524fce07e', 'confirm', false);
INSERT INTO public.attempts VALUES (19, 'twilio:AC00000000000000000000000000000001:CA00000000000000006e6577206c656164', '2026-11-28 12:05:57.672403+00', '2026-11-28 12:05:57.706951+00', 'lead', 'POST /v1/leads/', 200, 'accepted as job job_8ee333191810491caae8449479523395', 'confirm', false);
INSERT INTO public.attempts VALUES (20, 'twilio:AC00000000000000000000000000000001:CA00000000000000006e6577206c656164', '2026-11-28 12:05:57.433804+00', '2026-11-28 12:05:57.448876+00', 'lookup', 'GET /v1/leads/?integration_id=int_entrata&phone_1=********77&limit=250&offset=0&order-by=updated_at:desc', 200, '0 found', NULL, false);
INSERT INTO public.attempts VALUES (21, 'twilio:AC00000000000000000000000000000001:CA00000000000000006e6577206c656164', '2026-11-28 12:05:57.44897+00', '2026-11-28 12:05:57.491983+00', 'lookup', 'GET /v1/applicants/?integration_id=int_entrata&phone_1=********77&limit=250&offset=0&order-by=updated_at:desc', 200, '0 found', NULL, false);
INSERT INTO public.attempts VALUES (22, 'twilio:AC00000000000000000000000000000001:CA00000000000000006e6577206c656164', '2026-11-28 12:05:57.492108+00', '2026-11-28 12:05:57.522421+00', 'lookup', 'GET /v1/residents/?integration_id=int_entrata&phone_1=********77&limit=250&offset=0&order-by=updated_at:desc', 200, '0 found', 'a lead was asked for; waiting for the PMS to make it', false);
INSERT INTO public.attempts VALUES (23, 'twilio:AC00000000000000000000000000000001:CA00000000000000007265747279696e67', '2026-11-28 12:05:58.546313+00', '2026-11-28 12:05:58.611312+00', 'post', 'POST /v1/events/leads', 503, 'Propexo answered 503: injected 503', 'look for its trace', true);
INSERT INTO public.attempts VALUES (24, 'twilio:AC00000000000000000000000000000001:CA00000000000000006e6577206c656164', '2026-11-28 12:05:59.380696+00', '2026-11-28 12:05:59.383854+00', 'lookup', 'GET /v1/leads/?integration_id=int_entrata&phone_1=********77&limit=250&offset=0&order-by=updated_at:desc', 200, '0 found', NULL, false);
INSERT INTO public.attempts VALUES (25, 'twilio:AC00000000000000000000000000000001:CA00000000000000006e6577206c656164', '2026-11-28 12:05:59.383936+00', '2026-11-28 12:05:59.398822+00', 'lookup', 'GET /v1/applicants/?integration_id=int_entrata&phone_1=********77&limit=250&offset=0&order-by=updated_at:desc', 200, '0 found', NULL, false);
INSERT INTO public.attempts VALUES (26, 'twilio:AC00000000000000000000000000000001:CA00000000000000006e6577206c656164', '2026-11-28 12:05:59.39891+00', '2026-11-28 12:05:59.42049+00', 'lookup', 'GET /v1/residents/?integration_id=int_entrata&phone_1=********77&limit=250&offset=0&order-by=updated_at:desc', 200, '0 found', NULL, false);
INSERT INTO public.attempts VALUES (27, 'twilio:AC00000000000000000000000000000001:CA00000000000000006e6577206c656164', '2026-11-28 12:05:59.454379+00', '2026-11-28 12:05:59.463707+00', 'confirm', 'GET /v1/admin/write-status/job_8ee333191810491caae8449479523395', 200, 'PENDING', 'a lead was made; waiting for the PMS to show it with its next sync', false);
INSERT INTO public.attempts VALUES (28, 'twilio:AC00000000000000000000000000000001:CA0000000000000000646f75627466756c', '2026-11-28 12:05:59.640924+00', '2026-11-28 12:05:59.678852+00', 'post', 'POST /v1/events/leads', NULL, 'Propexo broke off', 'look for its trace', true);
INSERT INTO public.attempts VALUES (29, 'twilio:AC00000000000000000000000000000001:CA0000000000000000646f75627466756c', '2026-11-28 12:06:02.331208+00', '2026-11-28 12:06:02.351286+00', 'look', 'GET /v1/admin/logs/writes/?integration_id=int_entrata&write_category=events&time_range=hour&limit=100&offset=0', 200, 'ok', NULL, false);
INSERT INTO public.attempts VALUES (30, 'twilio:AC00000000000000000000000000000001:CA0000000000000000646f75627466756c', '2026-11-28 12:06:02.351517+00', '2026-11-28 12:06:02.378148+00', 'look', 'GET /v1/events/?integration_id=int_entrata&lead_id=lead_cara&limit=100&order-by=created_at:desc', 200, '1 found', 'the last try may have got through; looking for its trace', false);


--
-- Data for Name: breakers; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.breakers VALUES ('int_entrata', 2, 0, 0);


--
-- Data for Name: budgets; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: calls; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000756e617661696c61626c65', 3, 'twilio', 'AC00000000000000000000000000000001', 'CA0000000000756e617661696c61626c65', 'held', 'the caller withheld the number', '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA0000000000756e617661696c61626c65","legs":{"CA0000000000756e617661696c61626c65":{"id":"CA0000000000756e617661696c61626c65","direction":"inbound","from_number":"+8656696","to_number":"+16175550100","status":"no_answer","duration_seconds":0,"started_at":"2026-11-28T12:05:52Z","ended_at":"2026-11-28T12:05:52Z"}},"dials":{},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:52.357939+00', '2026-11-28 12:05:52.357939+00', '2026-11-28 12:05:52+00', 'inbound', '+16175550100', '+8656696', 'no_answer', 0, 1, 1, NULL, '2026-11-28 12:05:52.499404+00', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, '2026-11-28 12:05:52.802204+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000000000000000776f726473', 3, 'twilio', 'AC00000000000000000000000000000001', 'CA0000000000000000000000776f726473', 'held', 'nobody with this number among the leads, applicants and residents', '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA0000000000000000000000776f726473","legs":{"CA0000000000000000000000776f726473":{"id":"CA0000000000000000000000776f726473","direction":"inbound","from_number":"+16175561002","to_number":"+16175550100","status":"no_answer","duration_seconds":0,"started_at":"2026-11-28T12:05:52Z","ended_at":"2026-11-28T12:05:52Z"}},"dials":{},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:52.398423+00', '2026-11-28 12:05:52.398423+00', '2026-11-28 12:05:52+00', 'inbound', '+16175550100', '+16175561002', 'no_answer', 0, 1, 1, NULL, '2026-11-28 12:05:52.499404+00', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, '2026-11-28 12:05:52.834989+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000000000616e737765726564', 4, 'twilio', 'AC00000000000000000000000000000001', 'CA0000000000000000616e737765726564', 'written', NULL, '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA0000000000000000616e737765726564","legs":{"CA0000000000000000616e737765726564":{"id":"CA0000000000000000616e737765726564","direction":"inbound","from_number":"+16175550134","to_number":"+16175550100","status":"completed","duration_seconds":42,"started_at":"2026-11-28T12:05:09Z","ended_at":"2026-11-28T12:05:51Z"}},"dials":{"CA00000000616e737765726564206c6567":{"leg_id":"CA00000000616e737765726564206c6567","status":"completed","duration_seconds":42,"bridged":true,"caller_gone":true}},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:50.987218+00', '2026-11-28 12:05:50.987218+00', '2026-11-28 12:05:09+00', 'inbound', '+16175550100', '+16175550134', 'answered', 42, 2, 1, NULL, '2026-11-28 12:05:51.23269+00', 0, NULL, 'lead', 'lead_anna', 'Anna Alvarez', 'lead lead_anna: the only active lead with this number at the line''s property', '{"path": "/v1/events/leads", "query": {}, "body": {"integration_id": "int_entrata", "event_type_id": "et_call_main", "event_datetime": "2026-11-28T05:05:09-07:00", "call_phone_number_from": "+16175550134", "call_phone_number_to": "+16175550100", "call_status": "ANSWER", "call_duration": 42, "call_audio_link": "http://127.0.0.1:49849/recordings/AQAAAAAAAAAAAABhbnN3ZXJlZA.MATA4jAYt4vlwIqvhef7zYUYCEI", "notes": "Incoming call, answered, 42 s. Line: Main Street leasing. [call CA0000000000000000616e737765726564]", "lead_id": "lead_anna"}, "person": {"kind": "lead", "id": "lead_anna", "integration_id": "int_entrata", "name": "Anna Alvarez", "property_id": "prop_main", "vendor": "ENTRATA", "application_id": null}, "facts": "6f709fb40758b0df"}', 'int_entrata', 'job_60d736a2d1c740c29f7351f790fad2e0', '2026-11-28 12:05:51.60166+00', '2026-11-28 12:05:53.342107+00', NULL, 0, NULL, NULL, 0, '2026-11-28 12:05:53.342107+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000000000006d6973736564', 3, 'twilio', 'AC00000000000000000000000000000001', 'CA000000000000000000006d6973736564', 'written', NULL, '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA000000000000000000006d6973736564","legs":{"CA000000000000000000006d6973736564":{"id":"CA000000000000000000006d6973736564","direction":"inbound","from_number":"+16175550135","to_number":"+16175550100","status":"no_answer","duration_seconds":0,"started_at":"2026-11-28T12:05:51Z","ended_at":"2026-11-28T12:05:51Z"}},"dials":{},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:51.363614+00', '2026-11-28 12:05:51.363614+00', '2026-11-28 12:05:51+00', 'inbound', '+16175550100', '+16175550135', 'no_answer', 0, 2, 1, NULL, '2026-11-28 12:05:51.442484+00', 0, NULL, 'lead', 'lead_ben', 'Ben Brooks', 'lead lead_ben: the only active lead with this number at the line''s property', '{"path": "/v1/events/leads", "query": {}, "body": {"integration_id": "int_entrata", "event_type_id": "et_call_main", "event_datetime": "2026-11-28T05:05:51-07:00", "call_phone_number_from": "+16175550135", "call_phone_number_to": "+16175550100", "call_status": "NO_ANSWER", "call_duration": 0, "call_audio_link": "http://127.0.0.1:49849/recordings/AQAAAAAAAAAAAAAAAG1pc3NlZA.cW5Dvybp0lATYWfG9ZnTJ8-pQBo", "notes": "Incoming call, not answered. Line: Main Street leasing. [call CA000000000000000000006d6973736564]", "lead_id": "lead_ben"}, "person": {"kind": "lead", "id": "lead_ben", "integration_id": "int_entrata", "name": "Ben Brooks", "property_id": "prop_main", "vendor": "ENTRATA", "application_id": null}, "facts": "0d4ebb19d7b74bd0"}', 'int_entrata', 'job_c73397cd36de4ce283a16a81d9ad3ece', '2026-11-28 12:05:51.808389+00', '2026-11-28 12:05:53.342107+00', NULL, 0, NULL, NULL, 0, '2026-11-28 12:05:53.342107+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000000000000000006c6567', 2, 'twilio', 'AC00000000000000000000000000000001', 'CA000000000000000000000000006c6567', 'folded', 'a leg of twilio:AC00000000000000000000000000000001:CA00000000006c65677320706172656e74', '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA000000000000000000000000006c6567","legs":{"CA000000000000000000000000006c6567":{"id":"CA000000000000000000000000006c6567","answered_by":"machine"}},"dials":{},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:51.999656+00', NULL, NULL, 'inbound', NULL, NULL, 'unknown', 0, 1, 0, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, '2026-11-28 12:05:51.999656+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000000000006c6561736564', 3, 'twilio', 'AC00000000000000000000000000000001', 'CA000000000000000000006c6561736564', 'written', NULL, '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA000000000000000000006c6561736564","legs":{"CA000000000000000000006c6561736564":{"id":"CA000000000000000000006c6561736564","direction":"inbound","from_number":"+16175561006","to_number":"+16175550100","status":"no_answer","duration_seconds":0,"started_at":"2026-11-28T12:05:51Z","ended_at":"2026-11-28T12:05:51Z"}},"dials":{},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:51.647464+00', '2026-11-28 12:05:51.647464+00', '2026-11-28 12:05:51+00', 'inbound', '+16175550100', '+16175561006', 'no_answer', 0, 2, 1, NULL, '2026-11-28 12:05:51.794197+00', 0, NULL, 'lead', 'lead_leased', NULL, 'lead lead_leased: the only closed lead with this number at the line''s property; 1 other ranked behind', '{"path": "/v1/events/leads", "query": {}, "body": {"integration_id": "int_entrata", "event_type_id": "et_call_main", "event_datetime": "2026-11-28T05:05:51-07:00", "call_phone_number_from": "+16175561006", "call_phone_number_to": "+16175550100", "call_status": "NO_ANSWER", "call_duration": 0, "call_audio_link": "http://127.0.0.1:49849/recordings/AQAAAAAAAAAAAAAAAGxlYXNlZA.1n79yZmzxOjLoTD4YIb-C3SRY0s", "notes": "Incoming call, not answered. Line: Main Street leasing. [call CA000000000000000000006c6561736564]", "lead_id": "lead_leased"}, "person": {"kind": "lead", "id": "lead_leased", "integration_id": "int_entrata", "name": "", "property_id": "prop_main", "vendor": "ENTRATA", "application_id": null}, "facts": "20b42216989ca939"}', 'int_entrata', 'job_372d0ea4af7c42dca088c79aed56d635', '2026-11-28 12:05:52.227093+00', '2026-11-28 12:05:53.342107+00', NULL, 0, NULL, NULL, 0, '2026-11-28 12:05:53.342107+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000000000737472616e676572', 3, 'twilio', 'AC00000000000000000000000000000001', 'CA0000000000000000737472616e676572', 'held', 'nobody with this number among the leads, applicants and residents', '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA0000000000000000737472616e676572","legs":{"CA0000000000000000737472616e676572":{"id":"CA0000000000000000737472616e676572","direction":"inbound","from_number":"+16175550199","to_number":"+16175550100","status":"no_answer","duration_seconds":0,"started_at":"2026-11-28T12:05:52Z","ended_at":"2026-11-28T12:05:52Z"}},"dials":{},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:52.253605+00', '2026-11-28 12:05:52.253605+00', '2026-11-28 12:05:52+00', 'inbound', '+16175550100', '+16175550199', 'no_answer', 0, 1, 1, NULL, '2026-11-28 12:05:52.298994+00', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, '2026-11-28 12:05:52.618625+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000000000007365636f6e64', 3, 'twilio', 'AC00000000000000000000000000000001', 'CA000000000000000000007365636f6e64', 'held', 'nobody with this number among the leads, applicants and residents', '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA000000000000000000007365636f6e64","legs":{"CA000000000000000000007365636f6e64":{"id":"CA000000000000000000007365636f6e64","direction":"inbound","from_number":"+16175561004","to_number":"+16175550100","status":"no_answer","duration_seconds":0,"started_at":"2026-11-28T12:05:52Z","ended_at":"2026-11-28T12:05:52Z"}},"dials":{},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:52.45953+00', '2026-11-28 12:05:52.45953+00', '2026-11-28 12:05:52+00', 'inbound', '+16175550100', '+16175561004', 'no_answer', 0, 1, 1, NULL, '2026-11-28 12:05:52.499404+00', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, '2026-11-28 12:05:52.861827+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000000000706f73746564', 3, 'twilio', 'AC00000000000000000000000000000001', 'CA00000000000000000000706f73746564', 'posted', 'accepted, to be confirmed', '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA00000000000000000000706f73746564","legs":{"CA00000000000000000000706f73746564":{"id":"CA00000000000000000000706f73746564","direction":"inbound","from_number":"+16175550135","to_number":"+16175550100","status":"no_answer","duration_seconds":0,"started_at":"2026-11-28T12:05:56Z","ended_at":"2026-11-28T12:05:56Z"}},"dials":{},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:56.540202+00', '2026-11-28 12:05:56.540202+00', '2026-11-28 12:05:56+00', 'inbound', '+16175550100', '+16175550135', 'no_answer', 0, 2, 1, '2026-11-28 12:06:26.894534+00', '2026-11-28 12:05:56.56083+00', 0, NULL, 'lead', 'lead_ben', 'Ben Brooks', 'lead lead_ben: the only active lead with this number at the line''s property', '{"path": "/v1/events/leads", "query": {}, "body": {"integration_id": "int_entrata", "event_type_id": "et_call_main", "event_datetime": "2026-11-28T05:05:56-07:00", "call_phone_number_from": "+16175550135", "call_phone_number_to": "+16175550100", "call_status": "NO_ANSWER", "call_duration": 0, "call_audio_link": "http://127.0.0.1:49849/recordings/AQAAAAAAAAAAAAAAAHBvc3RlZA.XbIuxTVqlP3Rna1sVewW6VJ67yE", "notes": "Incoming call, not answered. Line: Main Street leasing. [call CA00000000000000000000706f73746564]", "lead_id": "lead_ben"}, "person": {"kind": "lead", "id": "lead_ben", "integration_id": "int_entrata", "name": "Ben Brooks", "property_id": "prop_main", "vendor": "ENTRATA", "application_id": null}, "facts": "74c8656ba6d7c594"}', 'int_entrata', 'job_8c9feab926ae4c54bf3a0cb524fce07e', '2026-11-28 12:05:56.89446+00', NULL, NULL, 0, NULL, NULL, 0, '2026-11-28 12:05:56.894534+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000000000000000647565', 1, 'twilio', 'AC00000000000000000000000000000001', 'CA00000000000000000000000000647565', 'open', NULL, '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA00000000000000000000000000647565","legs":{"CA00000000000000000000000000647565":{"id":"CA00000000000000000000000000647565","direction":"inbound","from_number":"+16175550134","to_number":"+16175550100","status":"no_answer","duration_seconds":0,"started_at":"2026-11-28T12:06:02Z","ended_at":"2026-11-28T12:06:02Z"}},"dials":{},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:06:02.788892+00', '2026-11-28 12:06:02.788892+00', '2026-11-28 12:06:02+00', 'inbound', '+16175550100', '+16175550134', 'no_answer', 0, 1, 0, '2026-11-28 12:06:02.788892+00', NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, '2026-11-28 12:06:02.788892+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000000072696e67696e67', 1, 'twilio', 'AC00000000000000000000000000000001', 'CA00000000000000000072696e67696e67', 'open', NULL, '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA00000000000000000072696e67696e67","legs":{"CA00000000000000000072696e67696e67":{"id":"CA00000000000000000072696e67696e67","direction":"inbound","from_number":"+16175550134","to_number":"+16175550100","status":"ringing","started_at":"2026-11-28T12:06:02Z"}},"dials":{},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:06:02.825622+00', NULL, '2026-11-28 12:06:02+00', 'inbound', '+16175550100', '+16175550134', 'unknown', 0, 1, 0, '2026-11-28 16:16:02.825622+00', NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, '2026-11-28 12:06:02.825622+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000000069676e6f726564', 2, 'twilio', 'AC00000000000000000000000000000001', 'CA00000000000000000069676e6f726564', 'ignored', 'the number is on the ignore list', '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA00000000000000000069676e6f726564","legs":{"CA00000000000000000069676e6f726564":{"id":"CA00000000000000000069676e6f726564","direction":"inbound","from_number":"+16175550166","to_number":"+16175550100","status":"no_answer","duration_seconds":0,"started_at":"2026-11-28T12:05:52Z","ended_at":"2026-11-28T12:05:52Z"}},"dials":{},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:52.547816+00', '2026-11-28 12:05:52.547816+00', '2026-11-28 12:05:52+00', 'inbound', '+16175550100', '+16175550166', 'no_answer', 0, 1, 1, NULL, '2026-11-28 12:05:52.743364+00', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, '2026-11-28 12:05:52.974185+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000007769746868656c64', 3, 'twilio', 'AC00000000000000000000000000000001', 'CA00000000000000007769746868656c64', 'held', 'the caller withheld the number', '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA00000000000000007769746868656c64","legs":{"CA00000000000000007769746868656c64":{"id":"CA00000000000000007769746868656c64","direction":"inbound","from_number":"+266696687","to_number":"+16175550100","status":"no_answer","duration_seconds":0,"started_at":"2026-11-28T12:05:52Z","ended_at":"2026-11-28T12:05:52Z"}},"dials":{},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:52.290377+00', '2026-11-28 12:05:52.290377+00', '2026-11-28 12:05:52+00', 'inbound', '+16175550100', '+266696687', 'no_answer', 0, 1, 1, NULL, '2026-11-28 12:05:52.298994+00', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, '2026-11-28 12:05:52.567221+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000000072656675736564', 3, 'twilio', 'AC00000000000000000000000000000001', 'CA00000000000000000072656675736564', 'failed', 'Propexo answered 400: injected 400', '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA00000000000000000072656675736564","legs":{"CA00000000000000000072656675736564":{"id":"CA00000000000000000072656675736564","direction":"inbound","from_number":"+16175550135","to_number":"+16175550100","status":"no_answer","duration_seconds":0,"started_at":"2026-11-28T12:05:55Z","ended_at":"2026-11-28T12:05:55Z"}},"dials":{},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:55.906208+00', '2026-11-28 12:05:55.906208+00', '2026-11-28 12:05:55+00', 'inbound', '+16175550100', '+16175550135', 'no_answer', 0, 1, 1, NULL, '2026-11-28 12:05:55.958271+00', 0, NULL, 'lead', 'lead_ben', 'Ben Brooks', 'lead lead_ben: the only active lead with this number at the line''s property', '{"path": "/v1/events/leads", "query": {}, "body": {"integration_id": "int_entrata", "event_type_id": "et_call_main", "event_datetime": "2026-11-28T05:05:55-07:00", "call_phone_number_from": "+16175550135", "call_phone_number_to": "+16175550100", "call_status": "NO_ANSWER", "call_duration": 0, "call_audio_link": "http://127.0.0.1:49849/recordings/AQAAAAAAAAAAAAAAcmVmdXNlZA.Stq7esxYWtQjG-VVm0sLxhNBBpM", "notes": "Incoming call, not answered. Line: Main Street leasing. [call CA00000000000000000072656675736564]", "lead_id": "lead_ben"}, "person": {"kind": "lead", "id": "lead_ben", "integration_id": "int_entrata", "name": "Ben Brooks", "property_id": "prop_main", "vendor": "ENTRATA", "application_id": null}, "facts": "63ccc01186d794f6"}', 'int_entrata', NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, '2026-11-28 12:05:56.374765+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000000000006d657869636f', 3, 'twilio', 'AC00000000000000000000000000000001', 'CA000000000000000000006d657869636f', 'held', 'nobody with this number among the leads, applicants and residents', '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA000000000000000000006d657869636f","legs":{"CA000000000000000000006d657869636f":{"id":"CA000000000000000000006d657869636f","direction":"inbound","from_number":"+525512345678","to_number":"+16175550100","status":"no_answer","duration_seconds":0,"started_at":"2026-11-28T12:05:52Z","ended_at":"2026-11-28T12:05:52Z"}},"dials":{},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:52.480562+00', '2026-11-28 12:05:52.480562+00', '2026-11-28 12:05:52+00', 'inbound', '+16175550100', '+525512345678', 'no_answer', 0, 1, 1, NULL, '2026-11-28 12:05:52.499404+00', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, '2026-11-28 12:05:52.818192+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000766f6963656d61696c', 4, 'twilio', 'AC00000000000000000000000000000001', 'CA00000000000000766f6963656d61696c', 'written', NULL, '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA00000000000000766f6963656d61696c","legs":{"CA00000000000000766f6963656d61696c":{"id":"CA00000000000000766f6963656d61696c","direction":"inbound","from_number":"+16175550136","to_number":"+16175550100","status":"completed","duration_seconds":42,"started_at":"2026-11-28T12:05:09Z","ended_at":"2026-11-28T12:05:51Z"}},"dials":{},"recordings":{"RE00000000000000766f6963656d61696c":{"id":"RE00000000000000766f6963656d61696c","url":"https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000001/Recordings/RE00000000000000766f6963656d61696c","duration_seconds":42,"channels":1,"source":"voicemail","state":"complete"}},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:51.451207+00', '2026-11-28 12:05:51.533204+00', '2026-11-28 12:05:09+00', 'inbound', '+16175550100', '+16175550136', 'voicemail', 42, 2, 1, NULL, '2026-11-28 12:05:52.743364+00', 0, NULL, 'lead', 'lead_cara', 'Cara Chen', 'lead lead_cara: the only active lead with this number at the line''s property', '{"path": "/v1/events/leads", "query": {}, "body": {"integration_id": "int_entrata", "event_type_id": "et_call_main", "event_datetime": "2026-11-28T05:05:09-07:00", "call_phone_number_from": "+16175550136", "call_phone_number_to": "+16175550100", "call_status": "VOICEMAIL", "call_duration": 42, "call_audio_link": "http://127.0.0.1:49849/recordings/AQAAAAAAAAAAAHZvaWNlbWFpbA.-cQaFbOTAbvE27RuvfcmN5WLUek", "notes": "Incoming call, went to voicemail, message of 42 s. Line: Main Street leasing. [call CA00000000000000766f6963656d61696c]", "lead_id": "lead_cara"}, "person": {"kind": "lead", "id": "lead_cara", "integration_id": "int_entrata", "name": "Cara Chen", "property_id": "prop_main", "vendor": "ENTRATA", "application_id": null}, "facts": "51ff436198665070"}', 'int_entrata', 'job_b9d4d09bf71749a48a50ef015c3ca56c', '2026-11-28 12:05:53.00864+00', '2026-11-28 12:05:54.382648+00', NULL, 0, NULL, NULL, 0, '2026-11-28 12:05:54.382648+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000006e6577206c656164', 3, 'twilio', 'AC00000000000000000000000000000001', 'CA00000000000000006e6577206c656164', 'delivering', 'a lead was made; waiting for the PMS to show it with its next sync', '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA00000000000000006e6577206c656164","legs":{"CA00000000000000006e6577206c656164":{"id":"CA00000000000000006e6577206c656164","direction":"inbound","from_number":"+16175550177","to_number":"+16175550101","status":"no_answer","duration_seconds":0,"started_at":"2026-11-28T12:05:57Z","ended_at":"2026-11-28T12:05:57Z"}},"dials":{},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:57.086898+00', '2026-11-28 12:05:57.086898+00', '2026-11-28 12:05:57+00', 'inbound', '+16175550101', '+16175550177', 'no_answer', 0, 3, 2, '2026-11-28 12:06:09.463872+00', '2026-11-28 12:05:58.876481+00', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, '2026-11-28 12:05:59.463872+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000006170706c6963616e74', 3, 'twilio', 'AC00000000000000000000000000000001', 'CA000000000000006170706c6963616e74', 'written', NULL, '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA000000000000006170706c6963616e74","legs":{"CA000000000000006170706c6963616e74":{"id":"CA000000000000006170706c6963616e74","direction":"inbound","from_number":"+16175561007","to_number":"+16175550100","status":"no_answer","duration_seconds":0,"started_at":"2026-11-28T12:05:51Z","ended_at":"2026-11-28T12:05:51Z"}},"dials":{},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:51.745523+00', '2026-11-28 12:05:51.745523+00', '2026-11-28 12:05:51+00', 'inbound', '+16175550100', '+16175561007', 'no_answer', 0, 2, 1, NULL, '2026-11-28 12:05:51.794197+00', 0, NULL, 'applicant', 'applicant_two', NULL, 'applicant applicant_two: the only active applicant with this number at the line''s property', '{"path": "/v1/events/applicants", "query": {}, "body": {"integration_id": "int_entrata", "event_type_id": "et_call_main", "event_datetime": "2026-11-28T05:05:51-07:00", "call_phone_number_from": "+16175561007", "call_phone_number_to": "+16175550100", "call_status": "NO_ANSWER", "call_duration": 0, "call_audio_link": "http://127.0.0.1:49849/recordings/AQAAAAAAAAAAAGFwcGxpY2FudA.Bu8kbqL3yufYQ4C9OpJ57VyNcag", "notes": "Incoming call, not answered. Line: Main Street leasing. [call CA000000000000006170706c6963616e74]", "applicant_id": "applicant_two", "application_id": "application_gone"}, "person": {"kind": "applicant", "id": "applicant_two", "integration_id": "int_entrata", "name": "", "property_id": "prop_main", "vendor": "ENTRATA", "application_id": "application_gone"}, "facts": "9c6d280a1bfd34a4"}', 'int_entrata', 'job_e71ba045b9cd48c4b398c3b84ec51629', '2026-11-28 12:05:52.19792+00', '2026-11-28 12:05:53.342107+00', NULL, 0, NULL, NULL, 0, '2026-11-28 12:05:53.342107+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000000072696e67616c6c', 4, 'twilio', 'AC00000000000000000000000000000001', 'CA00000000000000000072696e67616c6c', 'written', NULL, '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA00000000000000000072696e67616c6c","legs":{"CA000000000072696e67616c6c206c6567":{"id":"CA000000000072696e67616c6c206c6567","parent_id":"CA00000000000000000072696e67616c6c","direction":"dialled","from_number":"+16175550134","to_number":"+16175550151","status":"canceled","duration_seconds":0,"started_at":"2026-11-28T12:05:51Z","ended_at":"2026-11-28T12:05:51Z"},"CA00000000000000000072696e67616c6c":{"id":"CA00000000000000000072696e67616c6c","direction":"inbound","from_number":"+16175550134","to_number":"+16175550100","status":"completed","duration_seconds":42,"started_at":"2026-11-28T12:05:09Z","ended_at":"2026-11-28T12:05:51Z"}},"dials":{},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:51.810124+00', '2026-11-28 12:05:51.810124+00', '2026-11-28 12:05:09+00', 'inbound', '+16175550100', '+16175550134', 'abandoned', 0, 2, 1, NULL, '2026-11-28 12:05:52.919923+00', 0, NULL, 'lead', 'lead_anna', 'Anna Alvarez', 'lead lead_anna: the only active lead with this number at the line''s property', '{"path": "/v1/events/leads", "query": {}, "body": {"integration_id": "int_entrata", "event_type_id": "et_call_main", "event_datetime": "2026-11-28T05:05:09-07:00", "call_phone_number_from": "+16175550134", "call_phone_number_to": "+16175550100", "call_status": "ABANDONED", "call_duration": 0, "call_audio_link": "http://127.0.0.1:49849/recordings/AQAAAAAAAAAAAAAAcmluZ2FsbA.AcdRPV8oD_BmNScTSrfZudgQWaY", "notes": "Incoming call, caller hung up before an answer. Line: Main Street leasing. [call CA00000000000000000072696e67616c6c]", "lead_id": "lead_anna"}, "person": {"kind": "lead", "id": "lead_anna", "integration_id": "int_entrata", "name": "Anna Alvarez", "property_id": "prop_main", "vendor": "ENTRATA", "application_id": null}, "facts": "92a4be2d39e973e6"}', 'int_entrata', 'job_eaaf93feddf64c6aaaf72d11d2bc6e50', '2026-11-28 12:05:52.987813+00', '2026-11-28 12:05:54.382648+00', NULL, 0, NULL, NULL, 0, '2026-11-28 12:05:54.382648+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000007265747279696e67', 3, 'twilio', 'AC00000000000000000000000000000001', 'CA00000000000000007265747279696e67', 'delivering', 'Propexo answered 503: injected 503', '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA00000000000000007265747279696e67","legs":{"CA00000000000000007265747279696e67":{"id":"CA00000000000000007265747279696e67","direction":"inbound","from_number":"+16175550135","to_number":"+16175550100","status":"no_answer","duration_seconds":0,"started_at":"2026-11-28T12:05:58Z","ended_at":"2026-11-28T12:05:58Z"}},"dials":{},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:58.154837+00', '2026-11-28 12:05:58.154837+00', '2026-11-28 12:05:58+00', 'inbound', '+16175550100', '+16175550135', 'no_answer', 0, 2, 1, '2026-11-28 12:55:58.74655+00', '2026-11-28 12:05:58.177804+00', 1, '2026-11-28 12:05:58.74655+00', 'lead', 'lead_ben', 'Ben Brooks', 'lead lead_ben: the only active lead with this number at the line''s property', '{"path": "/v1/events/leads", "query": {}, "body": {"integration_id": "int_entrata", "event_type_id": "et_call_main", "event_datetime": "2026-11-28T05:05:58-07:00", "call_phone_number_from": "+16175550135", "call_phone_number_to": "+16175550100", "call_status": "NO_ANSWER", "call_duration": 0, "call_audio_link": "http://127.0.0.1:49849/recordings/AQAAAAAAAAAAAAByZXRyeWluZw.RXw4klyAIUJ012pDdco7NOBzTNI", "notes": "Incoming call, not answered. Line: Main Street leasing. [call CA00000000000000007265747279696e67]", "lead_id": "lead_ben"}, "person": {"kind": "lead", "id": "lead_ben", "integration_id": "int_entrata", "name": "Ben Brooks", "property_id": "prop_main", "vendor": "ENTRATA", "application_id": null}, "facts": "7d2cfd55c6eadc74"}', 'int_entrata', NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, '2026-11-28 12:05:58.74655+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA00000000006c65677320706172656e74', 4, 'twilio', 'AC00000000000000000000000000000001', 'CA00000000006c65677320706172656e74', 'written', NULL, '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA00000000006c65677320706172656e74","legs":{"CA00000000006c65677320706172656e74":{"id":"CA00000000006c65677320706172656e74","direction":"inbound","from_number":"+16175550135","to_number":"+16175550100","status":"completed","duration_seconds":42,"started_at":"2026-11-28T12:05:10Z","ended_at":"2026-11-28T12:05:52Z"},"CA000000000000000000000000006c6567":{"id":"CA000000000000000000000000006c6567","answered_by":"machine"}},"dials":{"CA000000000000000000000000006c6567":{"leg_id":"CA000000000000000000000000006c6567","status":"completed","duration_seconds":42,"bridged":true,"caller_gone":true}},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:52.039045+00', '2026-11-28 12:05:52.039045+00', '2026-11-28 12:05:10+00', 'inbound', '+16175550100', '+16175550135', 'abandoned', 0, 2, 1, NULL, '2026-11-28 12:05:53.047058+00', 0, NULL, 'lead', 'lead_ben', 'Ben Brooks', 'lead lead_ben: the only active lead with this number at the line''s property', '{"path": "/v1/events/leads", "query": {}, "body": {"integration_id": "int_entrata", "event_type_id": "et_call_main", "event_datetime": "2026-11-28T05:05:10-07:00", "call_phone_number_from": "+16175550135", "call_phone_number_to": "+16175550100", "call_status": "ABANDONED", "call_duration": 0, "call_audio_link": "http://127.0.0.1:49849/recordings/AQAAAAAAAABsZWdzIHBhcmVudA.dQPsIbaMNitRRwIsv0XD-3B5Gdc", "notes": "Incoming call, caller hung up before an answer. Line: Main Street leasing. [call CA00000000006c65677320706172656e74]", "lead_id": "lead_ben"}, "person": {"kind": "lead", "id": "lead_ben", "integration_id": "int_entrata", "name": "Ben Brooks", "property_id": "prop_main", "vendor": "ENTRATA", "application_id": null}, "facts": "7f97107654d94289"}', 'int_entrata', 'job_4da80e8171e74a51b7bdcd9b4ffb05d2', '2026-11-28 12:05:53.20569+00', '2026-11-28 12:05:54.382648+00', NULL, 0, NULL, NULL, 0, '2026-11-28 12:05:54.382648+00');
INSERT INTO public.calls VALUES ('twilio:AC00000000000000000000000000000001:CA0000000000000000646f75627466756c', 4, 'twilio', 'AC00000000000000000000000000000001', 'CA0000000000000000646f75627466756c', 'delivering', 'the last try may have got through; looking for its trace', '{"provider":"twilio","account":"AC00000000000000000000000000000001","call_id":"CA0000000000000000646f75627466756c","legs":{"CA0000000000000000646f75627466756c":{"id":"CA0000000000000000646f75627466756c","direction":"inbound","from_number":"+16175550136","to_number":"+16175550100","status":"no_answer","duration_seconds":0,"started_at":"2026-11-28T12:05:59Z","ended_at":"2026-11-28T12:05:59Z"}},"dials":{},"recordings":{},"transcripts":{},"was_read":false,"is_forgotten":false}', '2026-11-28 12:05:59.30329+00', '2026-11-28 12:05:59.30329+00', '2026-11-28 12:05:59+00', 'inbound', '+16175550100', '+16175550136', 'no_answer', 0, 3, 2, '2026-11-28 12:06:12.378272+00', '2026-11-28 12:06:02.086355+00', 1, '2026-11-28 12:05:59.689379+00', 'lead', 'lead_cara', 'Cara Chen', 'lead lead_cara: the only active lead with this number at the line''s property', '{"path": "/v1/events/leads", "query": {}, "body": {"integration_id": "int_entrata", "event_type_id": "et_call_main", "event_datetime": "2026-11-28T05:05:59-07:00", "call_phone_number_from": "+16175550136", "call_phone_number_to": "+16175550100", "call_status": "NO_ANSWER", "call_duration": 0, "call_audio_link": "http://127.0.0.1:49849/recordings/AQAAAAAAAAAAAABkb3VidGZ1bA.163c8KeWKSsaSm8UwW5MNdiXJkg", "notes": "Incoming call, not answered. Line: Main Street leasing. [call CA0000000000000000646f75627466756c]", "lead_id": "lead_cara"}, "person": {"kind": "lead", "id": "lead_cara", "integration_id": "int_entrata", "name": "Cara Chen", "property_id": "prop_main", "vendor": "ENTRATA", "application_id": null}, "facts": "c1c72472298927ab"}', 'int_entrata', NULL, NULL, NULL, NULL, 0, NULL, NULL, 0, '2026-11-28 12:06:02.378272+00');


--
-- Data for Name: hooks; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.hooks VALUES (1, '2026-11-28 12:05:50.987218+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'dial', 'twilio:AC00000000000000000000000000000001:CA0000000000000000616e737765726564', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "FPID3+1mrRd3DuzAPlvPSwhvzIo=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303030363136653733373736353732363536342646726f6d3d25324231363137353535303133342643616c6c65723d253242313631373535353031333426546f3d25324231363137353535303130302643616c6c65643d253242313631373535353031303026446972656374696f6e3d696e626f756e642643616c6c5374617475733d636f6d706c65746564264469616c43616c6c5369643d43413030303030303030363136653733373736353732363536343230366336353637264469616c43616c6c5374617475733d636f6d706c65746564264469616c43616c6c4475726174696f6e3d3432264469616c427269646765643d74727565');
INSERT INTO public.hooks VALUES (2, '2026-11-28 12:05:51.199989+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA0000000000000000616e737765726564', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "dDSNf+F1yZgcqpIypmTvIbpdYpc=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303030363136653733373736353732363536342646726f6d3d25324231363137353535303133342643616c6c65723d253242313631373535353031333426546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d636f6d706c657465642643616c6c4475726174696f6e3d3432264475726174696f6e3d312643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135312b25324230303030');
INSERT INTO public.hooks VALUES (3, '2026-11-28 12:05:51.363614+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA000000000000000000006d6973736564', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "zIs6uYVtwPkOq5W5DG0oG+ncduU=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303030303030303664363937333733363536342646726f6d3d25324231363137353535303133352643616c6c65723d253242313631373535353031333526546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d6e6f2d616e737765722643616c6c4475726174696f6e3d30264475726174696f6e3d302643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135312b25324230303030');
INSERT INTO public.hooks VALUES (4, '2026-11-28 12:05:51.451207+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'recording', 'twilio:AC00000000000000000000000000000001:CA00000000000000766f6963656d61696c', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "MhaprJA//2XUQaHUjoDPiCOyUxQ=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d43413030303030303030303030303030373636663639363336353664363136393663265265636f7264696e675369643d52453030303030303030303030303030373636663639363336353664363136393663265265636f7264696e6755726c3d68747470732533412532462532466170692e7477696c696f2e636f6d253246323031302d30342d30312532464163636f756e7473253246414330303030303030303030303030303030303030303030303030303030303030312532465265636f7264696e677325324652453030303030303030303030303030373636663639363336353664363136393663265265636f7264696e675374617475733d636f6d706c65746564265265636f7264696e674475726174696f6e3d3432265265636f7264696e674368616e6e656c733d31265265636f7264696e67536f757263653d5265636f726456657262264572726f72436f64653d30');
INSERT INTO public.hooks VALUES (5, '2026-11-28 12:05:51.533204+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA00000000000000766f6963656d61696c', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "AXDPtvUCOD9ZnEOVBO6OWoIup7I=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303736366636393633363536643631363936632646726f6d3d25324231363137353535303133362643616c6c65723d253242313631373535353031333626546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d636f6d706c657465642643616c6c4475726174696f6e3d3432264475726174696f6e3d312643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135312b25324230303030');
INSERT INTO public.hooks VALUES (6, '2026-11-28 12:05:51.647464+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA000000000000000000006c6561736564', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "VhQQXU3M8I5ndfBOEphBeF2Fhn4=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303030303030303663363536313733363536342646726f6d3d25324231363137353536313030362643616c6c65723d253242313631373535363130303626546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d6e6f2d616e737765722643616c6c4475726174696f6e3d30264475726174696f6e3d302643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135312b25324230303030');
INSERT INTO public.hooks VALUES (7, '2026-11-28 12:05:51.745523+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA000000000000006170706c6963616e74', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "ggiECcDxnEFyxDSL2Zq7ygzZYdY=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303631373037303663363936333631366537342646726f6d3d25324231363137353536313030372643616c6c65723d253242313631373535363130303726546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d6e6f2d616e737765722643616c6c4475726174696f6e3d30264475726174696f6e3d302643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135312b25324230303030');
INSERT INTO public.hooks VALUES (8, '2026-11-28 12:05:51.810124+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA00000000000000000072696e67616c6c', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "BmpEpsg/Oq/Pmix/WjCylpXcB28=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030373236393665363736313663366332303663363536372646726f6d3d25324231363137353535303133342643616c6c65723d253242313631373535353031333426546f3d25324231363137353535303135312643616c6c65643d25324231363137353535303135312646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d6f7574626f756e642d6469616c2643616c6c5374617475733d63616e63656c65642643616c6c4475726174696f6e3d30264475726174696f6e3d302643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135312b2532423030303026506172656e7443616c6c5369643d43413030303030303030303030303030303030303732363936653637363136633663');
INSERT INTO public.hooks VALUES (9, '2026-11-28 12:05:51.916925+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA00000000000000000072696e67616c6c', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "CxO8Ls+WA7AIKqf7tagH9/vNH2E=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303030303037323639366536373631366336632646726f6d3d25324231363137353535303133342643616c6c65723d253242313631373535353031333426546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d636f6d706c657465642643616c6c4475726174696f6e3d3432264475726174696f6e3d312643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135312b25324230303030');
INSERT INTO public.hooks VALUES (10, '2026-11-28 12:05:51.999656+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'machine', 'twilio:AC00000000000000000000000000000001:CA000000000000000000000000006c6567', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "9W7VEo+WZKolu0F/l4h+J2hccdw=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d4341303030303030303030303030303030303030303030303030303036633635363726416e73776572656442793d6d616368696e655f7374617274264d616368696e65446574656374696f6e4475726174696f6e3d32343030');
INSERT INTO public.hooks VALUES (11, '2026-11-28 12:05:52.039045+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'dial', 'twilio:AC00000000000000000000000000000001:CA00000000006c65677320706172656e74', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "dfvh0S5IPH+143jbKQEvtHGaCoY=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030366336353637373332303730363137323635366537342646726f6d3d25324231363137353535303133352643616c6c65723d253242313631373535353031333526546f3d25324231363137353535303130302643616c6c65643d253242313631373535353031303026446972656374696f6e3d696e626f756e642643616c6c5374617475733d636f6d706c65746564264469616c43616c6c5369643d43413030303030303030303030303030303030303030303030303030366336353637264469616c43616c6c5374617475733d636f6d706c65746564264469616c43616c6c4475726174696f6e3d3432264469616c427269646765643d74727565');
INSERT INTO public.hooks VALUES (12, '2026-11-28 12:05:52.133648+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA00000000006c65677320706172656e74', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "vDAf/PjVo59DmAdwCInBpNcEkyw=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030366336353637373332303730363137323635366537342646726f6d3d25324231363137353535303133352643616c6c65723d253242313631373535353031333526546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d636f6d706c657465642643616c6c4475726174696f6e3d3432264475726174696f6e3d312643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135322b25324230303030');
INSERT INTO public.hooks VALUES (13, '2026-11-28 12:05:52.253605+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA0000000000000000737472616e676572', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "ZYAIcdav0CCA7zOfAoXxkWZPgyY=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303030373337343732363136653637363537322646726f6d3d25324231363137353535303139392643616c6c65723d253242313631373535353031393926546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d6e6f2d616e737765722643616c6c4475726174696f6e3d30264475726174696f6e3d302643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135322b25324230303030');
INSERT INTO public.hooks VALUES (14, '2026-11-28 12:05:52.290377+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA00000000000000007769746868656c64', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "fULWBrswi75l8fMhgr97myyIGl0=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303030373736393734363836383635366336342646726f6d3d2532423236363639363638372643616c6c65723d25324232363636393636383726546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d6e6f2d616e737765722643616c6c4475726174696f6e3d30264475726174696f6e3d302643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135322b25324230303030');
INSERT INTO public.hooks VALUES (15, '2026-11-28 12:05:52.357939+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA0000000000756e617661696c61626c65', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "9enBT2AuTrwagviJSYhiHQtGzJ0=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030373536653631373636313639366336313632366336352646726f6d3d253242383635363639362643616c6c65723d2532423836353636393626546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d6e6f2d616e737765722643616c6c4475726174696f6e3d30264475726174696f6e3d302643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135322b25324230303030');
INSERT INTO public.hooks VALUES (16, '2026-11-28 12:05:52.398423+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA0000000000000000000000776f726473', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "SpSEOTaPGrmp9Wz89AcT4vieQR0=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303030303030303030373736663732363437332646726f6d3d25324231363137353536313030322643616c6c65723d253242313631373535363130303226546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d6e6f2d616e737765722643616c6c4475726174696f6e3d30264475726174696f6e3d302643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135322b25324230303030');
INSERT INTO public.hooks VALUES (17, '2026-11-28 12:05:52.45953+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA000000000000000000007365636f6e64', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "DngYCuc5YoKrpOyYT1yyAPhZETw=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303030303030303733363536333666366536342646726f6d3d25324231363137353536313030342643616c6c65723d253242313631373535363130303426546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d6e6f2d616e737765722643616c6c4475726174696f6e3d30264475726174696f6e3d302643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135322b25324230303030');
INSERT INTO public.hooks VALUES (18, '2026-11-28 12:05:52.480562+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA000000000000000000006d657869636f', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "F2YOUsvJyrOrCueRXV/FSBUSy80=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303030303030303664363537383639363336662646726f6d3d2532423532353531323334353637382643616c6c65723d25324235323535313233343536373826546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d6e6f2d616e737765722643616c6c4475726174696f6e3d30264475726174696f6e3d302643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135322b25324230303030');
INSERT INTO public.hooks VALUES (19, '2026-11-28 12:05:52.547816+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA00000000000000000069676e6f726564', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "X65PNgg5n4tt2iogWu46KdJUUDQ=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303030303036393637366536663732363536342646726f6d3d25324231363137353535303136362643616c6c65723d253242313631373535353031363626546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d6e6f2d616e737765722643616c6c4475726174696f6e3d30264475726174696f6e3d302643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135322b25324230303030');
INSERT INTO public.hooks VALUES (20, '2026-11-28 12:05:55.725994+00', 'twilio', 'AC00000000000000000000000000000001', 'parked', NULL, NULL, 'none of the parameters that tell what kind of voice hook this is', 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "lD+3DVklaRJN0jMWQVVC3ml/RD4=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312643616c6c5369643d4341303030303030303030303030303030303030303037303631373236623635363426556e68656172643d6f66');
INSERT INTO public.hooks VALUES (21, '2026-11-28 12:05:55.906208+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA00000000000000000072656675736564', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "hTbfRQC708heK9YpBaXmq3u3ZlY=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303030303037323635363637353733363536342646726f6d3d25324231363137353535303133352643616c6c65723d253242313631373535353031333526546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d6e6f2d616e737765722643616c6c4475726174696f6e3d30264475726174696f6e3d302643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135352b25324230303030');
INSERT INTO public.hooks VALUES (22, '2026-11-28 12:05:56.540202+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA00000000000000000000706f73746564', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "X8mVXdXRkE+IT5AG3/WedTnb8O4=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303030303030303730366637333734363536342646726f6d3d25324231363137353535303133352643616c6c65723d253242313631373535353031333526546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d6e6f2d616e737765722643616c6c4475726174696f6e3d30264475726174696f6e3d302643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135362b25324230303030');
INSERT INTO public.hooks VALUES (23, '2026-11-28 12:05:57.086898+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA00000000000000006e6577206c656164', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "6fdIci//GlmPs9HQVDbsP8UQgNk=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303030366536353737323036633635363136342646726f6d3d25324231363137353535303137372643616c6c65723d253242313631373535353031373726546f3d25324231363137353535303130312643616c6c65643d25324231363137353535303130312646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d6e6f2d616e737765722643616c6c4475726174696f6e3d30264475726174696f6e3d302643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135372b25324230303030');
INSERT INTO public.hooks VALUES (24, '2026-11-28 12:05:58.154837+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA00000000000000007265747279696e67', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "YSgkHC1eU7kGmJlrbCLSNjVM6+A=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303030373236353734373237393639366536372646726f6d3d25324231363137353535303133352643616c6c65723d253242313631373535353031333526546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d6e6f2d616e737765722643616c6c4475726174696f6e3d30264475726174696f6e3d302643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135382b25324230303030');
INSERT INTO public.hooks VALUES (25, '2026-11-28 12:05:59.30329+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA0000000000000000646f75627466756c', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "/XsTqyivH/w5S1Ky5dyCAdNJUJo=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303030363436663735363237343636373536632646726f6d3d25324231363137353535303133362643616c6c65723d253242313631373535353031333626546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d6e6f2d616e737765722643616c6c4475726174696f6e3d30264475726174696f6e3d302643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303525334135392b25324230303030');
INSERT INTO public.hooks VALUES (26, '2026-11-28 12:06:02.788892+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA00000000000000000000000000647565', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "Hr00jUPYELTs2+SMjxwfvo+NXWs=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303030303030303030303030303634373536352646726f6d3d25324231363137353535303133342643616c6c65723d253242313631373535353031333426546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d6e6f2d616e737765722643616c6c4475726174696f6e3d30264475726174696f6e3d302643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303625334130322b25324230303030');
INSERT INTO public.hooks VALUES (27, '2026-11-28 12:06:02.825622+00', 'twilio', 'AC00000000000000000000000000000001', 'taken', 'status', 'twilio:AC00000000000000000000000000000001:CA00000000000000000072696e67696e67', NULL, 'POST', '/webhooks/twilio', '{"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "m6Xg5iqL8quV10UU9Wr5xaqJBpk=", "User-Agent": "python-requests/2.34.2"}', '\x4163636f756e745369643d414330303030303030303030303030303030303030303030303030303030303030312641706956657273696f6e3d323031302d30342d30312643616c6c5369643d434130303030303030303030303030303030303037323639366536373639366536372646726f6d3d25324231363137353535303133342643616c6c65723d253242313631373535353031333426546f3d25324231363137353535303130302643616c6c65643d25324231363137353535303130302646726f6d436974793d2646726f6d5a69703d26546f436974793d26546f5a69703d26446972656374696f6e3d696e626f756e642643616c6c5374617475733d72696e67696e672643616c6c4475726174696f6e3d264475726174696f6e3d302643616c6c6261636b536f757263653d63616c6c2d70726f67726573732d6576656e74732653657175656e63654e756d6265723d302654696d657374616d703d5361742532432b32382b4e6f762b323032362b3132253341303625334130322b25324230303030');


--
-- Data for Name: jobs; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.jobs VALUES ('reconcile', '2026-11-28 12:05:50.240241+00', '2026-11-28 12:20:50.240241+00', NULL, NULL, NULL);
INSERT INTO public.jobs VALUES ('reconcile_nightly', '2026-11-28 12:05:50.240241+00', '2026-11-29 08:00:00+00', NULL, NULL, NULL);
INSERT INTO public.jobs VALUES ('prune', '2026-11-28 12:05:50.240241+00', '2026-11-29 08:00:00+00', NULL, NULL, NULL);


--
-- Data for Name: leases; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.leases VALUES ('sync', '2026-11-28 12:06:05.755344+00');
INSERT INTO public.leases VALUES ('schedule', '2026-11-28 12:06:05.415106+00');
INSERT INTO public.leases VALUES ('confirm', '2026-11-28 12:06:02.843414+00');


--
-- Data for Name: legs; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.legs VALUES ('twilio:AC00000000000000000000000000000001:CA00000000616e737765726564206c6567', 'twilio:AC00000000000000000000000000000001:CA0000000000000000616e737765726564');
INSERT INTO public.legs VALUES ('twilio:AC00000000000000000000000000000001:CA00000000000000766f6963656d61696c', 'twilio:AC00000000000000000000000000000001:CA00000000000000766f6963656d61696c');
INSERT INTO public.legs VALUES ('twilio:AC00000000000000000000000000000001:CA000000000072696e67616c6c206c6567', 'twilio:AC00000000000000000000000000000001:CA00000000000000000072696e67616c6c');
INSERT INTO public.legs VALUES ('twilio:AC00000000000000000000000000000001:CA000000000000000000000000006c6567', 'twilio:AC00000000000000000000000000000001:CA00000000006c65677320706172656e74');


--
-- Data for Name: new_leads; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.new_leads VALUES ('int_entrata', '+16175550177', 'twilio:AC00000000000000000000000000000001:CA00000000000000006e6577206c656164', '2026-11-28 12:05:57.561066+00', '{"path": "/v1/leads/", "query": {"ignore_unknown_fields": "true"}, "body": {"integration_id": "int_entrata", "property_id": "prop_main", "first_name": "Unknown", "last_name": "Caller", "phone_1": "+16175550177", "lead_source_id": "ls_phone", "third_party_id": "CA00000000000000006e6577206c656164"}}', 'job_8ee333191810491caae8449479523395', NULL, NULL);


--
-- Data for Name: people; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.people VALUES ('lead', 'lead_active', 'int_entrata', 'prop_main', '', '+16175561005', NULL, false, '2026-11-28 12:05:38.709+00', 'ENTRATA', NULL);
INSERT INTO public.people VALUES ('lead', 'lead_anna', 'int_entrata', 'prop_main', 'Anna Alvarez', '+16175550134', NULL, true, '2025-11-20 12:00:00+00', 'ENTRATA', NULL);
INSERT INTO public.people VALUES ('lead', 'lead_ben', 'int_entrata', 'prop_main', 'Ben Brooks', '+16175550135', NULL, true, '2025-11-19 12:00:00+00', 'ENTRATA', NULL);
INSERT INTO public.people VALUES ('lead', 'lead_both', 'int_entrata', 'prop_main', '', NULL, NULL, true, '2026-11-28 12:05:38.709+00', 'ENTRATA', NULL);
INSERT INTO public.people VALUES ('lead', 'lead_cara', 'int_entrata', 'prop_main', 'Cara Chen', '+16175550136', NULL, true, '2025-11-18 12:00:00+00', 'ENTRATA', NULL);
INSERT INTO public.people VALUES ('lead', 'lead_closed', 'int_entrata', 'prop_main', '', '+16175561005', NULL, false, '2026-11-28 12:05:38.709+00', 'ENTRATA', NULL);
INSERT INTO public.people VALUES ('lead', 'lead_dan_main', 'int_entrata', 'prop_main', 'Dan Diaz', '+16175550137', NULL, true, '2025-11-10 12:00:00+00', 'ENTRATA', NULL);
INSERT INTO public.people VALUES ('lead', 'lead_dan_oak', 'int_entrata', 'prop_oak', 'Dan Diaz', '+16175550137', NULL, false, '2025-11-21 12:00:00+00', 'ENTRATA', NULL);
INSERT INTO public.people VALUES ('lead', 'lead_eve', 'int_entrata', 'prop_oak', 'Eve Evans', '+16175550138', '+16175550139', true, '2025-11-17 12:00:00+00', 'ENTRATA', NULL);
INSERT INTO public.people VALUES ('lead', 'lead_hugo', 'int_entrata', 'prop_main', 'Hugo Hall', '+16175550142', NULL, true, '2025-11-14 12:00:00+00', 'ENTRATA', NULL);
INSERT INTO public.people VALUES ('lead', 'lead_leased', 'int_entrata', 'prop_main', '', '+16175561006', NULL, false, '2026-11-28 12:05:38.71+00', 'ENTRATA', NULL);
INSERT INTO public.people VALUES ('lead', 'lead_mexico', 'int_entrata', 'prop_main', '', NULL, NULL, true, '2026-11-28 12:05:38.71+00', 'ENTRATA', NULL);
INSERT INTO public.people VALUES ('lead', 'lead_words', 'int_entrata', 'prop_main', '', NULL, NULL, true, '2026-11-28 12:05:38.709+00', 'ENTRATA', NULL);
INSERT INTO public.people VALUES ('applicant', 'applicant_finn', 'int_entrata', 'prop_main', 'Finn Fox', '+16175550140', NULL, true, '2025-11-16 12:00:00+00', 'ENTRATA', 'application_finn');
INSERT INTO public.people VALUES ('applicant', 'applicant_two', 'int_entrata', 'prop_main', '', '+16175561007', NULL, true, '2026-11-28 12:05:38.71+00', 'ENTRATA', 'application_gone');
INSERT INTO public.people VALUES ('resident', 'resident_gia', 'int_entrata', 'prop_oak', 'Gia Gomez', '+16175550141', NULL, true, '2025-11-15 12:00:00+00', 'ENTRATA', NULL);
INSERT INTO public.people VALUES ('resident', 'resident_now', 'int_entrata', 'prop_main', '', '+16175561006', NULL, true, '2026-11-28 12:05:38.71+00', 'ENTRATA', NULL);


--
-- Data for Name: reconciled_days; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: secrets; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: syncs; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.syncs VALUES ('int_entrata', 'lead', 13, 13, true, '2026-11-28 12:00:50.318281+00', '2026-11-28 12:05:50.318281+00', NULL);
INSERT INTO public.syncs VALUES ('int_entrata', 'applicant', 2, 2, true, '2026-11-28 12:00:50.562841+00', '2026-11-28 12:05:50.562841+00', NULL);
INSERT INTO public.syncs VALUES ('int_entrata', 'resident', 2, 2, true, '2026-11-28 12:00:50.687943+00', '2026-11-28 12:05:50.687943+00', NULL);


--
-- Data for Name: workers; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.workers VALUES ('vm:ba769c5e', '2026-11-28 12:05:59.277945+00');


--
-- Name: attempts_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.attempts_id_seq', 30, true);


--
-- Name: hooks_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.hooks_id_seq', 27, true);


--
-- Name: application_versions application_versions_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.application_versions
    ADD CONSTRAINT application_versions_pkey PRIMARY KEY (version_id);


--
-- Name: application_versions application_versions_version_name_key; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.application_versions
    ADD CONSTRAINT application_versions_version_name_key UNIQUE (version_name);


--
-- Name: dbos_migrations dbos_migrations_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.dbos_migrations
    ADD CONSTRAINT dbos_migrations_pkey PRIMARY KEY (version);


--
-- Name: event_dispatch_kv event_dispatch_kv_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.event_dispatch_kv
    ADD CONSTRAINT event_dispatch_kv_pkey PRIMARY KEY (service_name, workflow_fn_name, key);


--
-- Name: notifications notifications_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.notifications
    ADD CONSTRAINT notifications_pkey PRIMARY KEY (message_uuid);


--
-- Name: operation_outputs operation_outputs_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.operation_outputs
    ADD CONSTRAINT operation_outputs_pkey PRIMARY KEY (workflow_uuid, function_id);


--
-- Name: queues queues_name_key; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.queues
    ADD CONSTRAINT queues_name_key UNIQUE (name);


--
-- Name: queues queues_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.queues
    ADD CONSTRAINT queues_pkey PRIMARY KEY (queue_id);


--
-- Name: streams streams_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.streams
    ADD CONSTRAINT streams_pkey PRIMARY KEY (workflow_uuid, key, "offset");


--
-- Name: workflow_events_history workflow_events_history_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.workflow_events_history
    ADD CONSTRAINT workflow_events_history_pkey PRIMARY KEY (workflow_uuid, function_id, key);


--
-- Name: workflow_events workflow_events_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.workflow_events
    ADD CONSTRAINT workflow_events_pkey PRIMARY KEY (workflow_uuid, key);


--
-- Name: workflow_input workflow_input_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.workflow_input
    ADD CONSTRAINT workflow_input_pkey PRIMARY KEY (workflow_uuid);


--
-- Name: workflow_output workflow_output_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.workflow_output
    ADD CONSTRAINT workflow_output_pkey PRIMARY KEY (workflow_uuid);


--
-- Name: workflow_schedules workflow_schedules_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.workflow_schedules
    ADD CONSTRAINT workflow_schedules_pkey PRIMARY KEY (schedule_id);


--
-- Name: workflow_schedules workflow_schedules_schedule_name_key; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.workflow_schedules
    ADD CONSTRAINT workflow_schedules_schedule_name_key UNIQUE (schedule_name);


--
-- Name: workflow_status workflow_status_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.workflow_status
    ADD CONSTRAINT workflow_status_pkey PRIMARY KEY (workflow_uuid);


--
-- Name: alembic_version alembic_version_pkc; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);


--
-- Name: attempts attempts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (id);


--
-- Name: breakers breakers_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.breakers
    ADD CONSTRAINT breakers_pkey PRIMARY KEY (integration_id);


--
-- Name: budgets budgets_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.budgets
    ADD CONSTRAINT budgets_pkey PRIMARY KEY (name);


--
-- Name: calls calls_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.calls
    ADD CONSTRAINT calls_pkey PRIMARY KEY (key);


--
-- Name: hooks hooks_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.hooks
    ADD CONSTRAINT hooks_pkey PRIMARY KEY (id);


--
-- Name: jobs jobs_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (name);


--
-- Name: leases leases_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (name);


--
-- Name: legs legs_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.legs
    ADD CONSTRAINT legs_pkey PRIMARY KEY (leg_key);


--
-- Name: new_leads new_leads_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.new_leads
    ADD CONSTRAINT new_leads_pkey PRIMARY KEY (integration_id, number);


--
-- Name: people people_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.people
    ADD CONSTRAINT people_pkey PRIMARY KEY (kind, id);


--
-- Name: reconciled_days reconciled_days_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.reconciled_days
    ADD CONSTRAINT reconciled_days_pkey PRIMARY KEY (account, day);


--
-- Name: secrets secrets_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.secrets
    ADD CONSTRAINT secrets_pkey PRIMARY KEY (name);


--
-- Name: syncs syncs_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.syncs
    ADD CONSTRAINT syncs_pkey PRIMARY KEY (integration_id, kind);


--
-- Name: workers workers_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.workers
    ADD CONSTRAINT workers_pkey PRIMARY KEY (executor_id);


--
-- Name: idx_application_versions_owner_timestamp; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_application_versions_owner_timestamp ON dbos.application_versions USING btree (application_name, version_timestamp DESC);


--
-- Name: idx_application_versions_timestamp; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_application_versions_timestamp ON dbos.application_versions USING btree (version_timestamp DESC);


--
-- Name: idx_operation_outputs_completed_at_function_name_v2; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_operation_outputs_completed_at_function_name_v2 ON dbos.operation_outputs USING btree (completed_at_epoch_ms, function_name) INCLUDE (application_name);


--
-- Name: idx_operation_outputs_retention; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_operation_outputs_retention ON dbos.operation_outputs USING btree (retention_timestamp);


--
-- Name: idx_workflow_input_retention; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_input_retention ON dbos.workflow_input USING btree (retention_timestamp);


--
-- Name: idx_workflow_output_retention; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_output_retention ON dbos.workflow_output USING btree (retention_timestamp);


--
-- Name: idx_workflow_status_attributes; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_attributes ON dbos.workflow_status USING gin (attributes) WHERE (attributes IS NOT NULL);


--
-- Name: idx_workflow_status_completed_at; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_completed_at ON dbos.workflow_status USING btree (completed_at) WHERE (completed_at IS NOT NULL);


--
-- Name: idx_workflow_status_deadline; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_deadline ON dbos.workflow_status USING btree (workflow_deadline_epoch_ms) WHERE ((status = ANY (ARRAY['ENQUEUED'::text, 'PENDING'::text, 'DELAYED'::text])) AND (workflow_deadline_epoch_ms IS NOT NULL));


--
-- Name: idx_workflow_status_delayed; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_delayed ON dbos.workflow_status USING btree (delay_until_epoch_ms) WHERE (status = 'DELAYED'::text);


--
-- Name: idx_workflow_status_failed; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_failed ON dbos.workflow_status USING btree (status, created_at) WHERE (status = ANY (ARRAY['ERROR'::text, 'CANCELLED'::text, 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'::text]));


--
-- Name: idx_workflow_status_forked_from; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_forked_from ON dbos.workflow_status USING btree (forked_from) WHERE (forked_from IS NOT NULL);


--
-- Name: idx_workflow_status_in_flight_v2; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_in_flight_v2 ON dbos.workflow_status USING btree (queue_name, status, priority, created_at) INCLUDE (application_name) WHERE (status = ANY (ARRAY['ENQUEUED'::text, 'PENDING'::text]));


--
-- Name: idx_workflow_status_parent_workflow_id; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_parent_workflow_id ON dbos.workflow_status USING btree (parent_workflow_id) WHERE (parent_workflow_id IS NOT NULL);


--
-- Name: idx_workflow_status_partition_dequeue_v3; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_partition_dequeue_v3 ON dbos.workflow_status USING btree (queue_name, status, queue_partition_key, priority, created_at, workflow_uuid) INCLUDE (application_name) WHERE ((status = ANY (ARRAY['ENQUEUED'::text, 'PENDING'::text])) AND (queue_partition_key IS NOT NULL));


--
-- Name: idx_workflow_status_pending; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_pending ON dbos.workflow_status USING btree (created_at) WHERE (status = 'PENDING'::text);


--
-- Name: idx_workflow_status_rate_limited; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_rate_limited ON dbos.workflow_status USING btree (queue_name, started_at_epoch_ms) WHERE (rate_limited = true);


--
-- Name: idx_workflow_status_schedule_name; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_schedule_name ON dbos.workflow_status USING btree (schedule_name) WHERE (schedule_name IS NOT NULL);


--
-- Name: idx_workflow_status_started_at; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_started_at ON dbos.workflow_status USING btree (started_at_epoch_ms) WHERE (started_at_epoch_ms IS NOT NULL);


--
-- Name: idx_workflow_topic; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_topic ON dbos.notifications USING btree (destination_uuid, topic);


--
-- Name: uq_application_versions_owner_version; Type: INDEX; Schema: dbos; Owner: -
--

CREATE UNIQUE INDEX uq_application_versions_owner_version ON dbos.application_versions USING btree (application_name, version_name) WHERE (application_name IS NOT NULL);


--
-- Name: uq_application_versions_unclaimed_version; Type: INDEX; Schema: dbos; Owner: -
--

CREATE UNIQUE INDEX uq_application_versions_unclaimed_version ON dbos.application_versions USING btree (version_name) WHERE (application_name IS NULL);


--
-- Name: uq_workflow_status_dedup_id; Type: INDEX; Schema: dbos; Owner: -
--

CREATE UNIQUE INDEX uq_workflow_status_dedup_id ON dbos.workflow_status USING btree (queue_name, deduplication_id) WHERE (deduplication_id IS NOT NULL);


--
-- Name: workflow_status_created_at_index; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX workflow_status_created_at_index ON dbos.workflow_status USING btree (created_at);


--
-- Name: attempts_by_call; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX attempts_by_call ON public.attempts USING btree (call_key, id);


--
-- Name: attempts_by_time; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX attempts_by_time ON public.attempts USING btree (at);


--
-- Name: calls_by_call_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX calls_by_call_id ON public.calls USING btree (call_id);


--
-- Name: calls_by_job; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX calls_by_job ON public.calls USING btree (job_id);


--
-- Name: calls_by_line; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX calls_by_line ON public.calls USING btree (line, first_seen_at);


--
-- Name: calls_by_other; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX calls_by_other ON public.calls USING btree (other, first_seen_at);


--
-- Name: calls_by_outcome; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX calls_by_outcome ON public.calls USING btree (state, outcome);


--
-- Name: calls_by_state; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX calls_by_state ON public.calls USING btree (state, first_seen_at);


--
-- Name: calls_by_time; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX calls_by_time ON public.calls USING btree (first_seen_at);


--
-- Name: calls_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX calls_due ON public.calls USING btree (due_at) WHERE (due_at IS NOT NULL);


--
-- Name: calls_unconfirmed; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX calls_unconfirmed ON public.calls USING btree (posted_at) WHERE (state = 'posted'::text);


--
-- Name: hooks_by_call; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hooks_by_call ON public.hooks USING btree (call_key);


--
-- Name: hooks_by_time; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hooks_by_time ON public.hooks USING btree (received_at);


--
-- Name: hooks_parked; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX hooks_parked ON public.hooks USING btree (id) WHERE (state = 'parked'::text);


--
-- Name: legs_by_call; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX legs_by_call ON public.legs USING btree (call_key);


--
-- Name: people_by_number_1; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX people_by_number_1 ON public.people USING btree (number_1);


--
-- Name: people_by_number_2; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX people_by_number_2 ON public.people USING btree (number_2);


--
-- Name: notifications dbos_notifications_trigger; Type: TRIGGER; Schema: dbos; Owner: -
--

CREATE TRIGGER dbos_notifications_trigger AFTER INSERT ON dbos.notifications FOR EACH ROW EXECUTE FUNCTION dbos.notifications_function();


--
-- Name: notifications notifications_destination_uuid_fkey; Type: FK CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.notifications
    ADD CONSTRAINT notifications_destination_uuid_fkey FOREIGN KEY (destination_uuid) REFERENCES dbos.workflow_status(workflow_uuid) ON UPDATE CASCADE ON DELETE CASCADE;


--
-- Name: streams streams_workflow_uuid_fkey; Type: FK CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.streams
    ADD CONSTRAINT streams_workflow_uuid_fkey FOREIGN KEY (workflow_uuid) REFERENCES dbos.workflow_status(workflow_uuid) ON UPDATE CASCADE ON DELETE CASCADE;


--
-- Name: workflow_events_history workflow_events_history_workflow_uuid_fkey; Type: FK CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.workflow_events_history
    ADD CONSTRAINT workflow_events_history_workflow_uuid_fkey FOREIGN KEY (workflow_uuid) REFERENCES dbos.workflow_status(workflow_uuid) ON UPDATE CASCADE ON DELETE CASCADE;


--
-- Name: workflow_events workflow_events_workflow_uuid_fkey; Type: FK CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.workflow_events
    ADD CONSTRAINT workflow_events_workflow_uuid_fkey FOREIGN KEY (workflow_uuid) REFERENCES dbos.workflow_status(workflow_uuid) ON UPDATE CASCADE ON DELETE CASCADE;


--
-- PostgreSQL database dump complete
--


