"""A course is never, by way of others, its own prerequisite."""

from django.db import migrations

CREATE = """
CREATE FUNCTION pathways_prerequisite_not_circular() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Two writers, each adding one half of a circle, would not see each other's half.
    PERFORM pg_advisory_xact_lock(7365002);
    IF EXISTS (
        WITH RECURSIVE before(course_id) AS (
            SELECT NEW.requires_id
            UNION
            SELECT p.requires_id FROM pathways_courseprerequisite p JOIN before b ON p.course_id = b.course_id
        )
        SELECT FROM before WHERE course_id = NEW.course_id
    ) THEN
        RAISE EXCEPTION 'prerequisite_not_circular: course % would require itself', NEW.course_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'prerequisite_not_circular';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER prerequisite_not_circular AFTER INSERT OR UPDATE ON pathways_courseprerequisite
    FOR EACH ROW WHEN (NEW.course_id <> NEW.requires_id) EXECUTE FUNCTION pathways_prerequisite_not_circular();
"""
DROP = """
DROP TRIGGER prerequisite_not_circular ON pathways_courseprerequisite;
DROP FUNCTION pathways_prerequisite_not_circular();
"""


class Migration(migrations.Migration):
    dependencies = [("pathways", "0002_pathways")]

    operations = [migrations.RunSQL(CREATE, DROP)]
