-- name: copy_audit
-- Rows of a journal into the audit trail.
COPY audit_auditentry (at, actor, deed, target, purpose, detail) FROM STDIN
