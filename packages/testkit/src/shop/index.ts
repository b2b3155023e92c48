export { ONLINE_RETAIL_FILE, onlineRetailInvoices, onlineRetailRows, type RetailInvoice, type RetailRow } from './online-retail.ts';
export { describeShop, shopItems, type ShopItem } from './catalogue.ts';
export { LEFT_OUT_LINES, SHOP_FIRST_DAY_MS, shopEvents, type ShopEvent, type ShopEventsOptions } from './shop-events.ts';
export {
  atTime,
  type CatalogItemEvent,
  type ClickstreamEvent,
  type CustomerFactsEvent,
  type PurchaseEvent,
  type WireEvent,
} from './wire-event.ts';
