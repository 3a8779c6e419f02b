// A part of Sage 200 for SAP CAP: the same rows, served with several page limits.
namespace sage;

entity customers {
  key id                  : Integer64;
      reference           : String;
      name                : String;
      short_name          : String;
      balance             : Decimal(18, 2);
      credit_limit        : Decimal(18, 2);
      payment_terms_days  : Integer;
      on_hold             : Boolean;
      account_status_type : String;
      account_opened      : Timestamp;
      last_credit_review  : Timestamp;
      date_time_updated   : Timestamp;
}

entity sop_orders {
  key id                : Integer64;
      document_no       : String;
      customer_id       : Integer64;
      date_time_updated : Timestamp;
      lines             : Composition of many sop_order_lines
                            on lines.sop_order_id = id;
}

entity sop_order_lines {
  key id            : Integer64;
      sop_order_id  : Integer64;
      code          : String;
      line_quantity : Decimal(18, 5);
}

// Without a key, as Sage's is.
entity sales_aged_transaction_period_views {
  customer_id            : Integer64;
  base_outstanding_value : Decimal(18, 2);
  ageing_period_name     : String;
  ageing_date            : Timestamp;
}

@path: '/limit10'
@cds.query.limit.max: 10
service limit10 {
  entity customers  as projection on sage.customers;
  entity sop_orders as projection on sage.sop_orders;
  entity sales_aged_transaction_period_views
    as projection on sage.sales_aged_transaction_period_views;
}

@path: '/limit100'
@cds.query.limit.max: 100
service limit100 {
  entity customers  as projection on sage.customers;
  entity sop_orders as projection on sage.sop_orders;
  entity sales_aged_transaction_period_views
    as projection on sage.sales_aged_transaction_period_views;
}

@path: '/limit300'
@cds.query.limit.max: 300
service limit300 {
  entity customers  as projection on sage.customers;
  entity sop_orders as projection on sage.sop_orders;
  entity sales_aged_transaction_period_views
    as projection on sage.sales_aged_transaction_period_views;
}

@path: '/limit1000'
@cds.query.limit.max: 1000
service limit1000 {
  entity customers  as projection on sage.customers;
  entity sop_orders as projection on sage.sop_orders;
  entity sales_aged_transaction_period_views
    as projection on sage.sales_aged_transaction_period_views;
}

@path: '/unlimited'
@cds.query.limit.max: 0  // none
service unlimited {
  entity customers  as projection on sage.customers;
  entity sop_orders as projection on sage.sop_orders;
  entity sales_aged_transaction_period_views
    as projection on sage.sales_aged_transaction_period_views;
}
