-- Enters every payment and refund from before the journal.
select enter_captures(array(select id from payments where captured_minor > 0));
select enter_older_refunds(array(select id from payments where status in ('REFUND_PENDING', 'REFUNDED')));
