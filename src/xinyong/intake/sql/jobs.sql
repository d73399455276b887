-- name: next_deliveries
-- Deliveries a worker may take, fairest first. Only the oldest of a department and dataset is eligible: a later file may
-- never be overtaken by an earlier one about the same records, nor overtake it; a bundle shares the line of all datasets.
-- Then: who has least running; small before bulk, until a bulk one has waited its time; who was served longest ago.
WITH leased AS (
    SELECT objid::bigint AS id FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = %(lease)s
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
), open AS (
    SELECT delivery.id, delivery.department_id, delivery.size_bytes, delivery.received_at, delivery.state,
        delivery.retry_at, leased.id IS NOT NULL AS leased,
        delivery.heartbeat_at < clock_timestamp() - make_interval(secs => %(silent)s) AS silent,
        min(delivery.id) OVER (PARTITION BY delivery.department_id, delivery.dataset_code) AS head,
        min(delivery.id) FILTER (WHERE delivery.dataset_code = ANY(%(bundles)s))
            OVER (PARTITION BY delivery.department_id) AS first_bundle,
        min(delivery.id) OVER (PARTITION BY delivery.department_id) AS first_of_all,
        delivery.dataset_code = ANY(%(bundles)s) AS bundle
    FROM intake_delivery AS delivery LEFT JOIN leased ON leased.id = delivery.id
    WHERE delivery.state IN ('received', 'reading') OR (delivery.state = 'failed' AND delivery.retry_at IS NOT NULL)
), running AS (
    SELECT department_id, count(*) AS number FROM open WHERE leased GROUP BY department_id
)
SELECT open.id, open.leased
FROM open
LEFT JOIN running ON running.department_id = open.department_id
LEFT JOIN LATERAL (
    SELECT other.taken_at FROM intake_delivery AS other
    WHERE other.department_id = open.department_id AND other.taken_at IS NOT NULL
    ORDER BY other.taken_at DESC LIMIT 1
) AS served ON true
WHERE open.id = open.head
  AND (open.first_bundle IS NULL OR open.id <= open.first_bundle)
  AND (NOT open.bundle OR open.id = open.first_of_all)
  AND (NOT open.leased OR (open.silent AND open.state = 'reading'))
  AND (open.state <> 'failed' OR open.retry_at <= clock_timestamp())
  AND (NOT %(small_only)s OR open.size_bytes <= %(small)s)
ORDER BY coalesce(running.number, 0),
    open.size_bytes > %(small)s AND open.received_at > clock_timestamp() - make_interval(secs => %(patience)s),
    served.taken_at NULLS FIRST, open.id
LIMIT 10

-- name: next_due
-- Seconds until the next failed delivery may be tried again; no row when none waits.
SELECT greatest(0, extract(epoch FROM min(retry_at) - clock_timestamp()))::float
FROM intake_delivery WHERE state = 'failed' AND retry_at IS NOT NULL
HAVING count(*) > 0
