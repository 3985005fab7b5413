-- How far the runs have been looked at; no row while another server looks.
SELECT until_at, swept_at FROM webhook_look FOR UPDATE SKIP LOCKED
