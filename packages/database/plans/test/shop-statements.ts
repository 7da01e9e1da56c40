/** Statements about the customers and their orders that the tests of both servers have. */
export const join = "select * from orders o join customer c on c.id = o.customer_id where c.region = 'region 3'";
export const byCustomer = "select * from orders where customer_id = 7 and note like '%12%'";
export const grouped = `select region, count(*) n from customer c join orders o on o.customer_id = c.id
  group by region having n > 5 order by 2 desc limit 3`;

/** Each beside itself with other constants. */
export const otherConstants = [
  [byCustomer, byCustomer.replace("7", "1999").replace("%12%", "x")],
  [join, join.replace("region 3", "region 9")],
  [grouped, grouped.replace("n > 5", "n > 100").replace("limit 3", "limit 7")],
  ["select * from orders where id in (1, 2, 3)", "select * from orders where id in (4, 5, 6, 7, 8)"],
] as const;
